// 1x1 convolution with stride 1 and no padding: a matrix product over channels, for 256-bit SIMD.
//
// x         [N, C, H, W]
// weight    [ceil(O / 6), C, 6], packed by pack_conv2d_weight
// scale     [O], shift [O], residual [N, O, H, W]; each is optional
// y         [N, O, H, W] = relu?(scale * conv(x) + shift + residual); x may cover only a band of y's rows
//
// One invocation computes 6 channels of 16 neighbouring pixels, as vectors of four sums. The engine fuses pairs of
// these into 256-bit operations; their registers fit twelve sums and the operands. The last tile moves back so that it
// ends at the last pixel; it stores only the pixels that no other tile stores.

struct Params {
  batch: u32,
  channels: u32,
  pixels: u32, // in a plane of x
  out_channels: u32,
  plane: u32, // H * W of y
  first_pixel: u32, // the pixel of y at which x begins
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
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
const TILE_CHANNELS = 6u;
const TILE_PIXELS = 16u;

fn finish(sum: vec4f, channel: u32, at: u32) -> vec4f {
  var values = sum;
  if (HAS_SCALE) {
    values *= scale[channel];
  }
  if (HAS_SHIFT) {
    values += shift[channel];
  }
  if (HAS_RESIDUAL) {
    values += vec4f(residual[at], residual[at + 1u], residual[at + 2u], residual[at + 3u]);
  }
  // `NaN < 0` is false, so a NaN stays visible.
  if (RELU) {
    values = select(values, vec4f(), values < vec4f());
  }
  return values;
}

fn store_quad(values: vec4f, at: u32) {
  y[at] = values.x;
  y[at + 1u] = values.y;
  y[at + 2u] = values.z;
  y[at + 3u] = values.w;
}

// Writes pixels `lanes.x` up to, not including, `lanes.y` of a tile's 16 pixels in one channel.
fn store(sum0: vec4f, sum1: vec4f, sum2: vec4f, sum3: vec4f, channel: u32, at: u32, lanes: vec2u) {
  if (channel >= params.out_channels) {
    return;
  }
  let v0 = finish(sum0, channel, at);
  let v1 = finish(sum1, channel, at + 4u);
  let v2 = finish(sum2, channel, at + 8u);
  let v3 = finish(sum3, channel, at + 12u);
  if (lanes.y - lanes.x == TILE_PIXELS) {
    store_quad(v0, at);
    store_quad(v1, at + 4u);
    store_quad(v2, at + 8u);
    store_quad(v3, at + 12u);
    return;
  }
  for (var lane = lanes.x; lane < lanes.y; lane++) {
    var quad = select(v1, v0, lane < 4u);
    if (lane >= 8u) {
      quad = select(v3, v2, lane < 12u);
    }
    y[at + lane] = quad[lane % 4u];
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
  let first = min(start, max(pixels, TILE_PIXELS) - TILE_PIXELS);
  let group = (i / tiles) % groups;
  let image = i / (tiles * groups);
  var a0 = vec4f(); var b0 = vec4f(); var c0 = vec4f(); var d0 = vec4f();
  var a1 = vec4f(); var b1 = vec4f(); var c1 = vec4f(); var d1 = vec4f();
  var a2 = vec4f(); var b2 = vec4f(); var c2 = vec4f(); var d2 = vec4f();
  var a3 = vec4f(); var b3 = vec4f(); var c3 = vec4f(); var d3 = vec4f();
  var a4 = vec4f(); var b4 = vec4f(); var c4 = vec4f(); var d4 = vec4f();
  var a5 = vec4f(); var b5 = vec4f(); var c5 = vec4f(); var d5 = vec4f();

  var source = image * params.channels * pixels + first;
  var at = group * params.channels * TILE_CHANNELS;
  for (var k = 0u; k < params.channels; k++) {
    let x0 = vec4f(x[source], x[source + 1u], x[source + 2u], x[source + 3u]);
    let x1 = vec4f(x[source + 4u], x[source + 5u], x[source + 6u], x[source + 7u]);
    let x2 = vec4f(x[source + 8u], x[source + 9u], x[source + 10u], x[source + 11u]);
    let x3 = vec4f(x[source + 12u], x[source + 13u], x[source + 14u], x[source + 15u]);
    let w0 = weight[at];
    let w1 = weight[at + 1u];
    let w2 = weight[at + 2u];
    let w3 = weight[at + 3u];
    let w4 = weight[at + 4u];
    let w5 = weight[at + 5u];
    a0 += w0 * x0; b0 += w0 * x1; c0 += w0 * x2; d0 += w0 * x3;
    a1 += w1 * x0; b1 += w1 * x1; c1 += w1 * x2; d1 += w1 * x3;
    a2 += w2 * x0; b2 += w2 * x1; c2 += w2 * x2; d2 += w2 * x3;
    a3 += w3 * x0; b3 += w3 * x1; c3 += w3 * x2; d3 += w3 * x3;
    a4 += w4 * x0; b4 += w4 * x1; c4 += w4 * x2; d4 += w4 * x3;
    a5 += w5 * x0; b5 += w5 * x1; c5 += w5 * x2; d5 += w5 * x3;
    source += pixels;
    at += TILE_CHANNELS;
  }

  let lanes = vec2u(start - first, min(TILE_PIXELS, pixels - first));
  let channel = group * TILE_CHANNELS;
  let plane = params.plane;
  let to = (image * params.out_channels + channel) * plane + params.first_pixel + first;
  store(a0, b0, c0, d0, channel, to, lanes);
  store(a1, b1, c1, d1, channel + 1u, to + plane, lanes);
  store(a2, b2, c2, d2, channel + 2u, to + 2u * plane, lanes);
  store(a3, b3, c3, d3, channel + 3u, to + 3u * plane, lanes);
  store(a4, b4, c4, d4, channel + 4u, to + 4u * plane, lanes);
  store(a5, b5, c5, d5, channel + 5u, to + 5u * plane, lanes);
}
