// Blends a colour-mapped map over an image.
//
// image   [N, 3, H, W], RGB, 0..255
// values  [N, H, W], the map
// bounds  [N, 2], the values that get the first and the last colour; if they are equal, all pixels get the first
// table   [256, 3], RGB, 0..255
// y       [N, 3, H, W], image * (1 - opacity) + colour * opacity
//
// A NaN in the map stays NaN in y, so that it cannot be mistaken for a colour.
//
// One invocation computes one pixel.
// Source: matplotlib.colors.Colormap.__call__, which truncates value * 256 to an index and maps 1 to the last colour.

struct Params {
  batch: u32, // N
  area: u32, // H * W
  opacity: f32,
}

@group(0) @binding(0) var<storage, read> image: array<f32>;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read> bounds: array<f32>;
@group(0) @binding(3) var<storage, read> table: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

const WORKGROUP_SIZE = 64u;
const COLOURS = 256.0;

// Tests the bits: a compiler that assumes there are no NaNs may fold `value == value` to true.
fn is_nan(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  if (i >= params.batch * params.area) {
    return;
  }
  let n = i / params.area;
  let value = values[i];
  let lowest = bounds[2u * n];
  let span = bounds[2u * n + 1u] - lowest;
  var level = 0.0;
  if (span > 0.0) {
    level = clamp(floor((value - lowest) / span * COLOURS), 0.0, COLOURS - 1.0);
  }
  let is_undefined = is_nan(value) || is_nan(span);
  let entry = 3u * u32(level);
  for (var c = 0u; c < 3u; c++) {
    let at = (n * 3u + c) * params.area + i % params.area;
    let colour = select(table[entry + c], value + span, is_undefined);
    y[at] = image[at] * (1.0 - params.opacity) + colour * params.opacity;
  }
}
