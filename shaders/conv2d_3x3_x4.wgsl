// 3x3 convolution, stride 1, padding 1, by register tiles.
//
// x         [N, C, H, W]
// weight    [ceil(O / 8), C * 9, 8], packed by pack_conv2d_weight
// scale     [O], shift [O], residual [N, O, OH, OW]: each optional
// y         [N, O, OH, OW] = relu?(scale * conv(x) + shift + residual)
//
// One invocation computes 8 channels of 4 neighbouring pixels of a row: 8 sums of four numbers fit the 16 registers of
// 128-bit SIMD. The last tile of a row moves back to end at the last pixel, and stores what is new.
// For rows of at least 4 pixels.

struct Params {
  batch: u32,
  channels: u32,
  height: u32,
  width: u32,
  out_channels: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;
@group(0) @binding(2) var<storage, read> scale: array<f32>;
@group(0) @binding(3) var<storage, read> shift: array<f32>;
@group(0) @binding(4) var<storage, read> residual: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

override HAS_SCALE: bool = false;
override HAS_SHIFT: bool = false;
override HAS_RESIDUAL: bool = false;
override RELU: bool = false;

const WORKGROUP_SIZE = 32u;
const TILE_PIXELS = 4u;
const TILE_CHANNELS = 8u;

// Writes four output channels of one pixel, `plane` elements apart.
fn store(sums: vec4f, channel: u32, pixel: u32, plane: u32, image: u32) {
  for (var c = 0u; c < 4u; c++) {
    let o = channel + c;
    if (o >= params.out_channels) {
      return;
    }
    let at = (image * params.out_channels + o) * plane + pixel;
    var value = sums[c];
    if (HAS_SCALE) {
      value *= scale[o];
    }
    if (HAS_SHIFT) {
      value += shift[o];
    }
    if (HAS_RESIDUAL) {
      value += residual[at];
    }
    // NaN is not below zero: it stays, and surfaces.
    y[at] = select(value, 0.0, RELU && value < 0.0);
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  let row_tiles = (params.width + TILE_PIXELS - 1u) / TILE_PIXELS;
  let tiles = params.height * row_tiles;
  let groups = (params.out_channels + TILE_CHANNELS - 1u) / TILE_CHANNELS;
  if (i >= params.batch * groups * tiles) {
    return;
  }
  let tile = i % tiles;
  let group = (i / tiles) % groups;
  let image = i / (tiles * groups);
  let row = tile / row_tiles;
  let start = (tile - row * row_tiles) * TILE_PIXELS;
  let column = min(start, params.width - TILE_PIXELS);

  // Of the six columns under the tile only the outermost can lie outside; of the rows the first and the last.
  let has_left = column > 0u;
  let has_right = column + TILE_PIXELS < params.width;
  let left = select(0u, 1u, has_left);
  let right = select(TILE_PIXELS - 1u, TILE_PIXELS, has_right);
  let top = select(0u, 1u, row == 0u);
  let bottom = select(3u, 2u, row + 1u == params.height);
  var a0 = vec4f(); var b0 = vec4f();
  var a1 = vec4f(); var b1 = vec4f();
  var a2 = vec4f(); var b2 = vec4f();
  var a3 = vec4f(); var b3 = vec4f();

  let plane = params.height * params.width;
  for (var c = 0u; c < params.channels; c++) {
    for (var tap = top; tap < bottom; tap++) {
      let source = (image * params.channels + c) * plane + (row + tap - 1u) * params.width + column;
      let x0 = select(0.0, x[source - left], has_left);
      let x1 = x[source + 0u];
      let x2 = x[source + 1u];
      let x3 = x[source + 2u];
      let x4 = x[source + 3u];
      let x5 = select(0.0, x[source + right], has_right);
      let at = ((group * params.channels + c) * 9u + tap * 3u) * 2u;
      var low = weight[at]; var high = weight[at + 1u];
      a0 += low * x0; b0 += high * x0;
      a1 += low * x1; b1 += high * x1;
      a2 += low * x2; b2 += high * x2;
      a3 += low * x3; b3 += high * x3;
      low = weight[at + 2u]; high = weight[at + 3u];
      a0 += low * x1; b0 += high * x1;
      a1 += low * x2; b1 += high * x2;
      a2 += low * x3; b2 += high * x3;
      a3 += low * x4; b3 += high * x4;
      low = weight[at + 4u]; high = weight[at + 5u];
      a0 += low * x2; b0 += high * x2;
      a1 += low * x3; b1 += high * x3;
      a2 += low * x4; b2 += high * x4;
      a3 += low * x5; b3 += high * x5;
    }
  }

  let channel = group * TILE_CHANNELS;
  let first = row * params.width + column;
  if (column + 0u >= start) { store(a0, channel, first + 0u, plane, image); store(b0, channel + 4u, first + 0u, plane, image); }
  if (column + 1u >= start) { store(a1, channel, first + 1u, plane, image); store(b1, channel + 4u, first + 1u, plane, image); }
  if (column + 2u >= start) { store(a2, channel, first + 2u, plane, image); store(b2, channel + 4u, first + 2u, plane, image); }
  if (column + 3u >= start) { store(a3, channel, first + 3u, plane, image); store(b3, channel + 4u, first + 3u, plane, image); }
}
