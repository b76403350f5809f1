// Resizes every plane by bilinear interpolation, without antialiasing.
//
// x  [N, C, H, W]
// y  [N, C, out_height, out_width]
//
// Output o of n maps to position o * (size - 1) / (n - 1) of the input with ALIGN_CORNERS, otherwise to
// (o + 1/2) * size / n - 1/2, clamped to the border. Both are fractions of whole numbers, so their floors are exact.
//
// One invocation computes one element of y.
// Source: scipy.ndimage.zoom, order 1 (aligned corners); torch.nn.functional.interpolate, mode 'bilinear' (both).

struct Params {
  planes: u32, // N * C
  height: u32,
  width: u32,
  out_height: u32,
  out_width: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

override ALIGN_CORNERS = true;

const WORKGROUP_SIZE = 64u;

// The two neighbours of a position along one axis, and its distance from the first.
struct Between {
  first: u32,
  second: u32,
  fraction: f32,
}

fn locate(position: u32, size: u32, out_size: u32) -> Between {
  var numerator = position * (size - 1u);
  var denominator = max(out_size, 2u) - 1u;
  if (!ALIGN_CORNERS) {
    numerator = max((2u * position + 1u) * size, out_size) - out_size;
    denominator = 2u * out_size;
  }
  let first = min(numerator / denominator, size - 1u);
  return Between(first, min(first + 1u, size - 1u), f32(numerator % denominator) / f32(denominator));
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  let out_area = params.out_height * params.out_width;
  if (i >= params.planes * out_area) {
    return;
  }
  let start = (i / out_area) * params.height * params.width;
  let vertical = locate((i % out_area) / params.out_width, params.height, params.out_height);
  let horizontal = locate(i % params.out_width, params.width, params.out_width);

  let upper = start + vertical.first * params.width;
  let lower = start + vertical.second * params.width;
  let above = mix(x[upper + horizontal.first], x[upper + horizontal.second], horizontal.fraction);
  let below = mix(x[lower + horizontal.first], x[lower + horizontal.second], horizontal.fraction);
  y[i] = mix(above, below, vertical.fraction);
}
