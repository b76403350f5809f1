// 1x1 convolution, stride 1, no padding, by register tiles: a matrix product over channels.
//
// x         [N, C, H, W], H * W divisible by 4
// weight    [ceil(O / 8), C, 8], packed by pack_conv2d_weight
// scale     [O], shift [O], residual [N, O, H, W]: each optional
// y         [N, O, H, W] = relu?(scale * conv(x) + shift + residual)
//
// One invocation computes 4 channels of 8 neighbouring pixels, as 8 sums of four pixels each: they fit the 16 registers of
// 128-bit SIMD together with what they are made from, and go to memory as they are. The last tile moves back to end at
// the last pixel, and stores what is new. For planes of at least 8 pixels.

struct Params {
  batch: u32,
  channels: u32,
  quads: u32, // H * W / 4
  out_channels: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> scale: array<f32>;
@group(0) @binding(3) var<storage, read> shift: array<f32>;
@group(0) @binding(4) var<storage, read> residual: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(6) var<uniform> params: Params;

override HAS_SCALE: bool = false;
override HAS_SHIFT: bool = false;
override HAS_RESIDUAL: bool = false;
override RELU: bool = false;

const WORKGROUP_SIZE = 32u;
const TILE_QUADS = 2u;
const TILE_CHANNELS = 4u;
const PACKED_CHANNELS = 8u;

// Writes 8 pixels of one channel; `isWhole` unless the first four are another tile's.
fn store(sum0: vec4f, sum1: vec4f, channel: u32, at: u32, isWhole: bool) {
  if (channel >= params.out_channels) {
    return;
  }
  var first = sum0;
  var second = sum1;
  if (HAS_SCALE) {
    first *= scale[channel];
    second *= scale[channel];
  }
  if (HAS_SHIFT) {
    first += shift[channel];
    second += shift[channel];
  }
  if (HAS_RESIDUAL) {
    first += residual[at];
    second += residual[at + 1u];
  }
  // NaN is not below zero: it stays, and surfaces.
  if (RELU) {
    first = select(first, vec4f(), first < vec4f());
    second = select(second, vec4f(), second < vec4f());
  }
  if (isWhole) {
    y[at] = first;
  }
  y[at + 1u] = second;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  let quads = params.quads;
  let tiles = (quads + TILE_QUADS - 1u) / TILE_QUADS;
  let groups = (params.out_channels + TILE_CHANNELS - 1u) / TILE_CHANNELS;
  if (i >= params.batch * groups * tiles) {
    return;
  }
  let start = (i % tiles) * TILE_QUADS;
  let first = min(start, quads - TILE_QUADS);
  let group = (i / tiles) % groups;
  let image = i / (tiles * groups);
  var a0 = vec4f(); var b0 = vec4f();
  var a1 = vec4f(); var b1 = vec4f();
  var a2 = vec4f(); var b2 = vec4f();
  var a3 = vec4f(); var b3 = vec4f();

  let channel = group * TILE_CHANNELS;
  var source = image * params.channels * quads + first;
  var at = channel / PACKED_CHANNELS * params.channels * PACKED_CHANNELS + channel % PACKED_CHANNELS;
  for (var c = 0u; c < params.channels; c++) {
    let left = x[source];
    let right = x[source + 1u];
    let w0 = weight[at];
    let w1 = weight[at + 1u];
    let w2 = weight[at + 2u];
    let w3 = weight[at + 3u];
    a0 += w0 * left; b0 += w0 * right;
    a1 += w1 * left; b1 += w1 * right;
    a2 += w2 * left; b2 += w2 * right;
    a3 += w3 * left; b3 += w3 * right;
    source += quads;
    at += PACKED_CHANNELS;
  }

  let isWhole = first == start;
  let to = (image * params.out_channels + channel) * quads + first;
  store(a0, b0, channel, to, isWhole);
  store(a1, b1, channel + 1u, to + quads, isWhole);
  store(a2, b2, channel + 2u, to + 2u * quads, isWhole);
  store(a3, b3, channel + 3u, to + 3u * quads, isWhole);
}
