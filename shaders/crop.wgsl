// Copies the same window out of every plane.
//
// x  [C, H, W]
// y  [C, out_height, out_width]
//
// One invocation computes one element of y.
// Source: torchvision.transforms.functional.crop.

struct Params {
  channels: u32,
  height: u32,
  width: u32,
  top: u32,
  left: u32,
  out_height: u32,
  out_width: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

const WORKGROUP_SIZE = 64u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  let out_area = params.out_height * params.out_width;
  if (i >= params.channels * out_area) {
    return;
  }
  let channel = i / out_area;
  let row = params.top + (i % out_area) / params.out_width;
  let column = params.left + i % params.out_width;
  y[i] = x[(channel * params.height + row) * params.width + column];
}
