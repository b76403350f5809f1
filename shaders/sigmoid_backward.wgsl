// The gradient of a sigmoid.
//
// gradOutput  any shape
// y           the same shape, what sigmoid returned
// gradInput   the same shape: gradOutput * y * (1 - y)
//
// One invocation computes one element of gradInput.
// Source: torch.sigmoid

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
    gradInput[i] = gradOutput[i] * y[i] * (1f - y[i]);
  }
}
