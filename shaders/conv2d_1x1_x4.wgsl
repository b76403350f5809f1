// 1x1 convolution, stride 1, no padding, by register tiles: a matrix product over channels.
//
// x         [N, C, H, W]
// weight    [ceil(O / 8), C, 8], packed by pack_conv2d_weight
// scale     [O], shift [O], residual [N, O, OH, OW]: each optional
// y         [N, O, OH, OW] = relu?(scale * conv(x) + shift + residual)
//
// One invocation computes 8 channels of 4 neighbouring pixels: 8 sums of four numbers fit the 16 registers of 128-bit SIMD
// together with what they are made from. The last tile moves back to end at the last pixel, and stores what is new.
// For planes of at least 4 pixels.

struct Params {
  batch: u32,
  channels: u32,
  pixels: u32, // H * W
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
  let pixels = params.pixels;
  let tiles = (pixels + TILE_PIXELS - 1u) / TILE_PIXELS;
  let groups = (params.out_channels + TILE_CHANNELS - 1u) / TILE_CHANNELS;
  if (i >= params.batch * groups * tiles) {
    return;
  }
  let start = (i % tiles) * TILE_PIXELS;
  let first = min(start, pixels - TILE_PIXELS);
  let group = (i / tiles) % groups;
  let image = i / (tiles * groups);
  var a0 = vec4f(); var b0 = vec4f();
  var a1 = vec4f(); var b1 = vec4f();
  var a2 = vec4f(); var b2 = vec4f();
  var a3 = vec4f(); var b3 = vec4f();

  var source = image * params.channels * pixels + first;
  var at = group * params.channels * 2u;
  for (var c = 0u; c < params.channels; c++) {
    let low = weight[at];
    let high = weight[at + 1u];
    let x0 = x[source + 0u];
    let x1 = x[source + 1u];
    let x2 = x[source + 2u];
    let x3 = x[source + 3u];
    a0 += low * x0; b0 += high * x0;
    a1 += low * x1; b1 += high * x1;
    a2 += low * x2; b2 += high * x2;
    a3 += low * x3; b3 += high * x3;
    source += pixels;
    at += 2u;
  }

  let channel = group * TILE_CHANNELS;
  if (first + 0u >= start) { store(a0, channel, first + 0u, pixels, image); store(b0, channel + 4u, first + 0u, pixels, image); }
  if (first + 1u >= start) { store(a1, channel, first + 1u, pixels, image); store(b1, channel + 4u, first + 1u, pixels, image); }
  if (first + 2u >= start) { store(a2, channel, first + 2u, pixels, image); store(b2, channel + 4u, first + 2u, pixels, image); }
  if (first + 3u >= start) { store(a3, channel, first + 3u, pixels, image); store(b3, channel + 4u, first + 3u, pixels, image); }
}
