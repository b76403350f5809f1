// Adds two tensors of the same shape.
//
// a, b  any shape
// y     the same shape, a + b
//
// One invocation computes one element of y.
// Source: torch.add, alpha 1, no broadcasting

struct Params {
  size: u32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const WORKGROUP_SIZE = 64u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  if (i < params.size) {
    y[i] = a[i] + b[i];
  }
}
