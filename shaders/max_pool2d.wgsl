// 2-D max pooling, square window; padding never wins.
//
// x  [N, C, H, W]
// y  [N, C, OH, OW]
//
// One invocation computes one element of y.
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

const WORKGROUP_SIZE = 64u;
const LOWEST = -0x1.fffffep+127f;

// By its bits: a comparison of a value with itself may be taken for true by a compiler that rules out NaN.
fn is_nan(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  let out_area = params.out_height * params.out_width;
  if (i >= params.planes * out_area) {
    return;
  }
  let plane = i / out_area;
  let row = (i % out_area) / params.out_width;
  let column = i % params.out_width;

  // The window in x, cut at the borders.
  let top = max(row * params.stride, params.padding) - params.padding;
  let left = max(column * params.stride, params.padding) - params.padding;
  let bottom = min(row * params.stride + params.kernel - params.padding, params.height);
  let right = min(column * params.stride + params.kernel - params.padding, params.width);

  var best = LOWEST;
  for (var r = top; r < bottom; r++) {
    let start = (plane * params.height + r) * params.width;
    for (var c = left; c < right; c++) {
      let value = x[start + c];
      // As in PyTorch, NaN wins: it must surface, not vanish. No branch: it would be guessed wrong every few pixels.
      best = select(best, value, (value > best) | is_nan(value));
    }
  }
  y[i] = best;
}
