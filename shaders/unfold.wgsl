// Copies the windows of a convolution into columns. The convolution is then weight [O, C * KH * KW] times y.
//
// x  [N, C, H, W]
// y  [N, C * KH * KW, rows, OW]: `rows` of the OH rows of windows, from `top` on; 0 where a window is outside x
//
// One invocation writes one row of y.
// Source: torch.nn.functional.unfold.

struct Params {
  planes: u32, // N * C
  height: u32,
  width: u32,
  kernel_height: u32,
  kernel_width: u32,
  stride: u32,
  padding: u32,
  top: u32,
  rows: u32,
  out_width: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

// The stride again if it is 1 or 2, otherwise 0. A compiler that knows it loads four pixels with one or two loads.
override STRIDE: u32 = 0u;

const WORKGROUP_SIZE = 32u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  let taps = params.kernel_height * params.kernel_width;
  if (i >= params.planes * taps * params.rows) {
    return;
  }
  let line = i / params.rows;
  let plane = line / taps;
  let tap = line % taps;
  let tap_column = tap % params.kernel_width;
  // Rows above x wrap to large numbers.
  let row = (params.top + i % params.rows) * params.stride + tap / params.kernel_width - params.padding;
  let is_inside = row < params.height;
  // The first column of y whose source is inside x, and the first one after those.
  let to_left = max(params.padding, tap_column) - tap_column;
  let to_right = max(params.width + params.padding, tap_column) - tap_column;
  let begin = select(params.out_width, min((to_left + params.stride - 1u) / params.stride, params.out_width), is_inside);
  let end = max(begin, min((to_right + params.stride - 1u) / params.stride, params.out_width));

  var at = i * params.out_width;
  for (var column = 0u; column < begin; column++) {
    y[at] = 0.0;
    at += 1u;
  }
  var source = (plane * params.height + row) * params.width + begin * params.stride + tap_column - params.padding;
  // Groups of four first.
  var middle = begin;
  if (STRIDE > 0u) {
    let quads = (end - begin) / 4u;
    for (var quad = 0u; quad < quads; quad++) {
      let values = vec4f(x[source], x[source + STRIDE], x[source + 2u * STRIDE], x[source + 3u * STRIDE]);
      y[at] = values.x;
      y[at + 1u] = values.y;
      y[at + 2u] = values.z;
      y[at + 3u] = values.w;
      at += 4u;
      source += 4u * STRIDE;
    }
    middle += 4u * quads;
  }
  for (var column = middle; column < end; column++) {
    y[at] = x[source];
    at += 1u;
    source += params.stride;
  }
  for (var column = end; column < params.out_width; column++) {
    y[at] = 0.0;
    at += 1u;
  }
}
