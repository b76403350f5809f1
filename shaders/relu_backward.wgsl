// The gradient of a ReLU.
//
// gradOutput  any shape
// y           the same shape, what relu returned
// gradInput   the same shape: 0 where y <= 0, otherwise gradOutput, also where y is NaN
//
// One invocation computes one element of gradInput.
// Source: torch.nn.ReLU: the gradient at 0 is 0

struct Params {
  size: u32,
}

@group(0) @binding(0) var<storage, read> gradOutput: array<f32>;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradInput: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const WORKGROUP_SIZE = 64u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  if (i < params.size) {
    gradInput[i] = select(gradOutput[i], 0f, y[i] <= 0f);
  }
}
