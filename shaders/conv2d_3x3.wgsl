// 3x3 convolution with stride 1; sums stay in registers.
//
// x         [N, C, H, W]
// weight    [ceil(O / 8), C * 9, 8], packed by pack_conv2d_weight
// scale     [O], shift [O], residual [N, O, OH, OW]; each is optional
// y         [N, O, OH, OW] = relu?(scale * conv(x) + shift + residual)
//
// One invocation computes 8 channels of 7 neighbouring pixels of a row: nine loads of x serve the three taps of
// a window row.
// No barriers and no workgroup memory: on a CPU Vulkan driver both cost more than they save, because a barrier is a
// context switch and a load from workgroup memory is an ordinary load.

struct Params {
  batch: u32,
  channels: u32,
  height: u32,
  width: u32,
  out_channels: u32,
  out_height: u32,
  out_width: u32,
  padding: u32,
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
const TILE_PIXELS = 7u;
const TILE_CHANNELS = 8u;

// Writes four output channels of one pixel. Their elements are `plane` apart.
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
    // `NaN < 0` is false, so a NaN stays visible.
    y[at] = select(value, 0.0, RELU && value < 0.0);
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  let row_tiles = (params.out_width + TILE_PIXELS - 1u) / TILE_PIXELS;
  let tiles = params.out_height * row_tiles;
  let groups = (params.out_channels + TILE_CHANNELS - 1u) / TILE_CHANNELS;
  if (i >= params.batch * groups * tiles) {
    return;
  }
  let tile = i % tiles;
  let group = (i / tiles) % groups;
  let image = i / (tiles * groups);
  let row = tile / row_tiles;
  let column = (tile % row_tiles) * TILE_PIXELS;

  // The columns of x under the tile, clamped to the image; columns outside read as zero. Columns left of the image wrap
  // to large numbers.
  let left = column - params.padding;
  let end = params.width - 1u;
  let inside0 = left + 0u < params.width; let c0 = min(left + 0u, end);
  let inside1 = left + 1u < params.width; let c1 = min(left + 1u, end);
  let inside2 = left + 2u < params.width; let c2 = min(left + 2u, end);
  let inside3 = left + 3u < params.width; let c3 = min(left + 3u, end);
  let inside4 = left + 4u < params.width; let c4 = min(left + 4u, end);
  let inside5 = left + 5u < params.width; let c5 = min(left + 5u, end);
  let inside6 = left + 6u < params.width; let c6 = min(left + 6u, end);
  let inside7 = left + 7u < params.width; let c7 = min(left + 7u, end);
  let inside8 = left + 8u < params.width; let c8 = min(left + 8u, end);
  var a0 = vec4f(); var b0 = vec4f();
  var a1 = vec4f(); var b1 = vec4f();
  var a2 = vec4f(); var b2 = vec4f();
  var a3 = vec4f(); var b3 = vec4f();
  var a4 = vec4f(); var b4 = vec4f();
  var a5 = vec4f(); var b5 = vec4f();
  var a6 = vec4f(); var b6 = vec4f();

  let plane = params.height * params.width;
  for (var c = 0u; c < params.channels; c++) {
    for (var tap_row = 0u; tap_row < 3u; tap_row++) {
      // No branch at the border: divergent lanes cost more than a row of zeros.
      let r = row + tap_row - params.padding;
      let inside = r < params.height;
      let start = (image * params.channels + c) * plane + select(0u, r * params.width, inside);
      let x0 = select(0.0, x[start + c0], inside && inside0);
      let x1 = select(0.0, x[start + c1], inside && inside1);
      let x2 = select(0.0, x[start + c2], inside && inside2);
      let x3 = select(0.0, x[start + c3], inside && inside3);
      let x4 = select(0.0, x[start + c4], inside && inside4);
      let x5 = select(0.0, x[start + c5], inside && inside5);
      let x6 = select(0.0, x[start + c6], inside && inside6);
      let x7 = select(0.0, x[start + c7], inside && inside7);
      let x8 = select(0.0, x[start + c8], inside && inside8);
      let at = ((group * params.channels + c) * 9u + tap_row * 3u) * 2u;
      var low = weight[at]; var high = weight[at + 1u];
      a0 += low * x0; b0 += high * x0;
      a1 += low * x1; b1 += high * x1;
      a2 += low * x2; b2 += high * x2;
      a3 += low * x3; b3 += high * x3;
      a4 += low * x4; b4 += high * x4;
      a5 += low * x5; b5 += high * x5;
      a6 += low * x6; b6 += high * x6;
      low = weight[at + 2u]; high = weight[at + 3u];
      a0 += low * x1; b0 += high * x1;
      a1 += low * x2; b1 += high * x2;
      a2 += low * x3; b2 += high * x3;
      a3 += low * x4; b3 += high * x4;
      a4 += low * x5; b4 += high * x5;
      a5 += low * x6; b5 += high * x6;
      a6 += low * x7; b6 += high * x7;
      low = weight[at + 4u]; high = weight[at + 5u];
      a0 += low * x2; b0 += high * x2;
      a1 += low * x3; b1 += high * x3;
      a2 += low * x4; b2 += high * x4;
      a3 += low * x5; b3 += high * x5;
      a4 += low * x6; b4 += high * x6;
      a5 += low * x7; b5 += high * x7;
      a6 += low * x8; b6 += high * x8;
    }
  }

  let channel = group * TILE_CHANNELS;
  let pixels = params.out_height * params.out_width;
  let first = row * params.out_width + column;
  if (column + 0u < params.out_width) { store(a0, channel, first + 0u, pixels, image); store(b0, channel + 4u, first + 0u, pixels, image); }
  if (column + 1u < params.out_width) { store(a1, channel, first + 1u, pixels, image); store(b1, channel + 4u, first + 1u, pixels, image); }
  if (column + 2u < params.out_width) { store(a2, channel, first + 2u, pixels, image); store(b2, channel + 4u, first + 2u, pixels, image); }
  if (column + 3u < params.out_width) { store(a3, channel, first + 3u, pixels, image); store(b3, channel + 4u, first + 3u, pixels, image); }
  if (column + 4u < params.out_width) { store(a4, channel, first + 4u, pixels, image); store(b4, channel + 4u, first + 4u, pixels, image); }
  if (column + 5u < params.out_width) { store(a5, channel, first + 5u, pixels, image); store(b5, channel + 4u, first + 5u, pixels, image); }
  if (column + 6u < params.out_width) { store(a6, channel, first + 6u, pixels, image); store(b6, channel + 4u, first + 6u, pixels, image); }
}
