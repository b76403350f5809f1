// Adds the slices of conv2d_gemm and applies conv2d's epilogue.
//
// partial_sums  [S, N, O, OH, OW]
// scale         [O], shift [O], residual [N, O, OH, OW]; each is optional
// y             [N, O, OH, OW] = relu?(scale * sum over S + shift + residual)
//
// One invocation computes one element of y.

struct Params {
  slices: u32,
  out_channels: u32,
  plane: u32, // OH * OW
  size: u32, // of y
}

@group(0) @binding(0) var<storage, read> partial_sums: array<f32>;
@group(0) @binding(1) var<storage, read> scale: array<f32>;
@group(0) @binding(2) var<storage, read> shift: array<f32>;
@group(0) @binding(3) var<storage, read> residual: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

override HAS_SCALE: bool = false;
override HAS_SHIFT: bool = false;
override HAS_RESIDUAL: bool = false;
override RELU: bool = false;

const WORKGROUP_SIZE = 64u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  if (i >= params.size) {
    return;
  }
  var value = 0.0;
  for (var slice = 0u; slice < params.slices; slice++) {
    value += partial_sums[slice * params.size + i];
  }
  let o = i / params.plane % params.out_channels;
  if (HAS_SCALE) {
    value *= scale[o];
  }
  if (HAS_SHIFT) {
    value += shift[o];
  }
  if (HAS_RESIDUAL) {
    value += residual[i];
  }
  // `NaN < 0` is false, so a NaN stays visible.
  y[i] = select(value, 0.0, RELU && value < 0.0);
}
