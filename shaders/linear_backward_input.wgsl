// The gradient of a linear layer's input.
//
// gradOutput  [N, O]
// weight      [O, I]
// gradInput   [N, I], gradInput[n, i] = sum over o of gradOutput[n, o] * weight[o, i]
//
// One invocation computes one element of gradInput.
// Source: torch.nn.Linear

struct Params {
  batch: u32, // N
  outputs: u32, // O
  inputs: u32, // I
}

@group(0) @binding(0) var<storage, read> gradOutput: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradInput: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const WORKGROUP_SIZE = 64u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let position = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  if (position >= params.batch * params.inputs) {
    return;
  }
  let n = position / params.inputs;
  let i = position % params.inputs;
  var sum = 0f;
  for (var o = 0u; o < params.outputs; o++) {
    sum += gradOutput[n * params.outputs + o] * weight[o * params.inputs + i];
  }
  gradInput[position] = sum;
}
