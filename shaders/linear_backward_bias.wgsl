// The gradient of a linear layer's bias.
//
// gradOutput  [N, O]
// gradBias    [O], gradBias[o] = sum over n of gradOutput[n, o]
//
// One invocation computes one element of gradBias.
// Source: torch.nn.Linear

struct Params {
  batch: u32, // N
  outputs: u32, // O
}

@group(0) @binding(0) var<storage, read> gradOutput: array<f32>;
@group(0) @binding(1) var<storage, read_write> gradBias: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

const WORKGROUP_SIZE = 64u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let o = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  if (o >= params.outputs) {
    return;
  }
  var sum = 0f;
  for (var n = 0u; n < params.batch; n++) {
    sum += gradOutput[n * params.outputs + o];
  }
  gradBias[o] = sum;
}
