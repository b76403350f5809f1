// Mirrors an image.
//
// x  [C, H, W]
// y  [C, H, W]; HORIZONTAL exchanges left and right, VERTICAL exchanges top and bottom
//
// One invocation computes one element of y.
// Source: torchvision.transforms.functional.hflip, vflip.

struct Params {
  channels: u32,
  height: u32,
  width: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

override HORIZONTAL = true;
override VERTICAL = false;

const WORKGROUP_SIZE = 64u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  let area = params.height * params.width;
  if (i >= params.channels * area) {
    return;
  }
  var row = (i % area) / params.width;
  var column = i % params.width;
  if (VERTICAL) {
    row = params.height - 1u - row;
  }
  if (HORIZONTAL) {
    column = params.width - 1u - column;
  }
  y[i] = x[(i / area) * area + row * params.width + column];
}
