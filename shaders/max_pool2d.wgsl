// 2-D max pooling with a square window. Padding is never the maximum.
//
// x  [N, C, H, W]
// y  [N, C, OH, OW]
//
// One invocation computes four neighbours in a row of y. A NaN in a window makes its result NaN, as in PyTorch.
// Source: torch.nn.MaxPool2d, dilation 1, ceil_mode false.

struct Params {
  planes: u32, // N * C
  height: u32,
  width: u32,
  out_height: u32,
  out_width: u32,
  kernel: u32,
  stride: u32,
  padding: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

// Whether the window is 3 and the stride 2, as in ResNet: four results then need nine columns of x.
override IS_3_BY_2: bool = false;

const WORKGROUP_SIZE = 64u;
const LOWEST = -0x1.fffffep+127f;

// Returns the larger value in each of four lanes. As in PyTorch, a NaN counts as the largest. It is detected by its
// bits, because a compiler that assumes there are no NaNs may fold `value == value` to true. There is no branch: it
// would be mispredicted every few pixels.
fn larger(best: vec4f, value: vec4f) -> vec4f {
  let is_nan = (bitcast<vec4u>(value) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
  return select(best, value, (value > best) | is_nan);
}

fn best_of_window(plane: u32, row: u32, column: u32) -> f32 {
  // The window, clipped to x.
  let top = max(row * params.stride, params.padding) - params.padding;
  let left = max(column * params.stride, params.padding) - params.padding;
  let bottom = min(row * params.stride + params.kernel - params.padding, params.height);
  let right = min(column * params.stride + params.kernel - params.padding, params.width);
  var best = vec4f(LOWEST);
  for (var r = top; r < bottom; r++) {
    let start = (plane * params.height + r) * params.width;
    for (var c = left; c < right; c++) {
      best = larger(best, vec4f(x[start + c]));
    }
  }
  return best.x;
}

// Returns the maxima of four 3x3 windows, two columns apart, whose columns are all inside x.
fn best_of_four(plane: u32, row: u32, first_column: u32) -> vec4f {
  let top = max(row * 2u, params.padding) - params.padding;
  let bottom = min(row * 2u + 3u - params.padding, params.height);
  var best = vec4f(LOWEST);
  for (var r = top; r < bottom; r++) {
    let at = (plane * params.height + r) * params.width + first_column;
    best = larger(best, vec4f(x[at], x[at + 2u], x[at + 4u], x[at + 6u]));
    best = larger(best, vec4f(x[at + 1u], x[at + 3u], x[at + 5u], x[at + 7u]));
    best = larger(best, vec4f(x[at + 2u], x[at + 4u], x[at + 6u], x[at + 8u]));
  }
  return best;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  let quads = (params.out_width + 3u) / 4u;
  if (i >= params.planes * params.out_height * quads) {
    return;
  }
  let line = i / quads;
  let plane = line / params.out_height;
  let row = line - plane * params.out_height;
  let column = (i - line * quads) * 4u;
  let at = line * params.out_width + column;

  let first_column = column * 2u - params.padding; // wraps to a large number left of x
  let is_inside = first_column < params.width && first_column + 9u <= params.width && column + 4u <= params.out_width;
  if (IS_3_BY_2 && is_inside) {
    let best = best_of_four(plane, row, first_column);
    y[at] = best.x;
    y[at + 1u] = best.y;
    y[at + 2u] = best.z;
    y[at + 3u] = best.w;
    return;
  }
  let count = min(4u, params.out_width - column);
  for (var c = 0u; c < count; c++) {
    y[at + c] = best_of_window(plane, row, column + c);
  }
}
