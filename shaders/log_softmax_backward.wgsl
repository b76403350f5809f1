// The gradient of log_softmax, row by row.
//
// gradOutput  [N, K]
// y           [N, K], what log_softmax returned
// gradInput   [N, K], gradInput[n, k] = gradOutput[n, k] - exp(y[n, k]) * (sum over j of gradOutput[n, j])
//
// One invocation computes one row of gradInput.
// Source: torch.nn.LogSoftmax(dim=1)

struct Params {
  batch: u32, // N
  classes: u32, // K
}

@group(0) @binding(0) var<storage, read> gradOutput: array<f32>;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradInput: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const WORKGROUP_SIZE = 16u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let n = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  if (n >= params.batch) {
    return;
  }
  let start = n * params.classes;
  let end = start + params.classes;
  var sum = 0f;
  for (var i = start; i < end; i++) {
    sum += gradOutput[i];
  }
  for (var i = start; i < end; i++) {
    gradInput[i] = gradOutput[i] - exp(y[i]) * sum;
  }
}
