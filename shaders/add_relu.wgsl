// The end of a residual block: y = relu(x + residual).
//
// x, residual  any shape, both the same
// y            the same shape
//
// One invocation computes one element of y.
// Source: torchvision.models.resnet.Bottleneck.forward.

struct Params {
  size: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> residual: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const WORKGROUP_SIZE = 64u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  if (i >= params.size) {
    return;
  }
  let value = x[i] + residual[i];
  // Not max(), which may turn a NaN into 0: a NaN must stay visible.
  y[i] = select(value, 0.0, value < 0.0);
}
