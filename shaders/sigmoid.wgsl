// Logistic sigmoid: 1 / (1 + exp(-x)).
//
// x  any shape
// y  the same shape
//
// One invocation computes one element of y.
// Source: torch.sigmoid

struct Params {
  size: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

const WORKGROUP_SIZE = 64u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  if (i >= params.size) {
    return;
  }
  let value = x[i];
  // At most 1: exp(-value) overflows for large negative values.
  let e = exp(-abs(value));
  y[i] = select(e, 1.0, value >= 0.0) / (1.0 + e);
}
