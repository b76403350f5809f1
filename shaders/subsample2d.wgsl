// Every stride-th pixel of every stride-th row.
//
// x  [N, C, H, W]
// y  [N, C, ceil(H / stride), ceil(W / stride)]
//
// One invocation copies one element.

struct Params {
  planes: u32, // N * C
  height: u32,
  width: u32,
  stride: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

const WORKGROUP_SIZE = 64u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  let out_height = (params.height + params.stride - 1u) / params.stride;
  let out_width = (params.width + params.stride - 1u) / params.stride;
  if (i >= params.planes * out_height * out_width) {
    return;
  }
  let line = i / out_width;
  let plane = line / out_height;
  let row = (line - plane * out_height) * params.stride;
  let column = (i - line * out_width) * params.stride;
  y[i] = x[(plane * params.height + row) * params.width + column];
}
