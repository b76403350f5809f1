// 1x1 convolution with stride 1 and no padding, for planes of a multiple of 4 pixels. The four invocations of a quad
// share their loads.
//
// x         [N, C, H, W], as vectors of 4 pixels
// weight    [ceil(O / 8), C, 8], packed by pack_conv2d_weight
// scale     [O], shift [O], residual [N, O, H, W]; each is optional
// y         [N, O, H, W] = relu?(scale * conv(x) + shift + residual); x may cover only a band of y's rows
//
// One invocation computes 16 channels of 8 pixels, as in conv2d_1x1_quads. A quad covers 32 channels of 16 pixels: each
// invocation loads half of its weights and half of its pixels, and takes the other half of each from the neighbour that
// loaded it. The kernel assumes that consecutive invocations are consecutive lanes of a subgroup.

enable subgroups;

struct Params {
  batch: u32,
  channels: u32,
  pixels: u32, // in a plane of x
  out_channels: u32,
  plane: u32, // H * W of y
  first_pixel: u32, // the pixel of y at which x begins
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
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
const TILE_PIXELS = 8u;
const PACKED_CHANNELS = 8u;

// One value for each of sixteen channels.
struct Sixteen { a: vec4f, b: vec4f, c: vec4f, d: vec4f }

fn store_one(sum: f32, o: u32, at: u32) {
  var value = sum;
  if (HAS_RESIDUAL) {
    value += residual[at];
  }
  // `NaN < 0` is false, so a NaN stays visible.
  if (o < params.out_channels) {
    y[at] = select(value, 0.0, RELU && value < 0.0);
  }
}

// Writes four output channels of one pixel. Their elements are a plane apart.
fn store(sums: vec4f, channel: u32, pixel: u32, image: u32) {
  let at = (image * params.out_channels + channel) * params.plane + params.first_pixel + pixel;
  store_one(sums.x, channel, at);
  store_one(sums.y, channel + 1u, at + params.plane);
  store_one(sums.z, channel + 2u, at + 2u * params.plane);
  store_one(sums.w, channel + 3u, at + 3u * params.plane);
}

// Writes sixteen output channels of one pixel.
fn store_pixel(sums: Sixteen, scales: Sixteen, shifts: Sixteen, channels: vec2u, pixel: u32, image: u32) {
  if (pixel >= params.pixels) {
    return;
  }
  var values = sums;
  if (HAS_SCALE) {
    values = Sixteen(values.a * scales.a, values.b * scales.b, values.c * scales.c, values.d * scales.d);
  }
  if (HAS_SHIFT) {
    values = Sixteen(values.a + shifts.a, values.b + shifts.b, values.c + shifts.c, values.d + shifts.d);
  }
  store(values.a, channels.x, pixel, image);
  store(values.b, channels.x + 4u, pixel, image);
  store(values.c, channels.y, pixel, image);
  store(values.d, channels.y + 4u, pixel, image);
}

// Returns the indices of four channels, clamped to the last one.
fn channels_from(first: u32) -> vec4u {
  return min(first + vec4u(0u, 1u, 2u, 3u), vec4u(params.out_channels - 1u));
}

fn scales_of(channels: vec4u) -> vec4f {
  return vec4f(scale[channels.x], scale[channels.y], scale[channels.z], scale[channels.w]);
}

fn shifts_of(channels: vec4u) -> vec4f {
  return vec4f(shift[channels.x], shift[channels.y], shift[channels.z], shift[channels.w]);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  let tiles = (params.pixels + TILE_PIXELS - 1u) / TILE_PIXELS;
  let tile_pairs = (tiles + 1u) / 2u;
  let packed_groups = (params.out_channels + PACKED_CHANNELS - 1u) / PACKED_CHANNELS;
  let group_pairs = (packed_groups + 3u) / 4u;
  // Invocations past the end load and exchange values too, but store nothing.
  let lane = i % 4u;
  let pair = i / 4u;
  let tile = pair % tile_pairs * 2u + lane % 2u;
  let group = (pair / tile_pairs % group_pairs * 2u + lane / 2u) * 2u;
  let image = min(pair / (tile_pairs * group_pairs), params.batch - 1u);
  let is_inside = pair < params.batch * tile_pairs * group_pairs;

  let quads = params.pixels / 4u;
  let own_quad = tile * 2u + lane / 2u;
  let other_quad = tile * 2u + 1u - lane / 2u;
  let own_group = group + lane % 2u;
  let other_group = group + 1u - lane % 2u;
  var source = image * params.channels * quads + min(own_quad, quads - 1u);
  var a0 = vec4f(); var b0 = vec4f(); var c0 = vec4f(); var d0 = vec4f();
  var a1 = vec4f(); var b1 = vec4f(); var c1 = vec4f(); var d1 = vec4f();
  var a2 = vec4f(); var b2 = vec4f(); var c2 = vec4f(); var d2 = vec4f();
  var a3 = vec4f(); var b3 = vec4f(); var c3 = vec4f(); var d3 = vec4f();
  var a4 = vec4f(); var b4 = vec4f(); var c4 = vec4f(); var d4 = vec4f();
  var a5 = vec4f(); var b5 = vec4f(); var c5 = vec4f(); var d5 = vec4f();
  var a6 = vec4f(); var b6 = vec4f(); var c6 = vec4f(); var d6 = vec4f();
  var a7 = vec4f(); var b7 = vec4f(); var c7 = vec4f(); var d7 = vec4f();

  var at = min(own_group, packed_groups - 1u) * params.channels * 2u;
  for (var channel = 0u; channel < params.channels; channel++) {
    let wa = weight[at];
    let wb = weight[at + 1u];
    let p = x[source];
    let wc = quadSwapX(wa);
    let wd = quadSwapX(wb);
    let q = quadSwapY(p);
    a0 = fma(wa, vec4f(p.x), a0); b0 = fma(wb, vec4f(p.x), b0); c0 = fma(wc, vec4f(p.x), c0); d0 = fma(wd, vec4f(p.x), d0);
    a1 = fma(wa, vec4f(p.y), a1); b1 = fma(wb, vec4f(p.y), b1); c1 = fma(wc, vec4f(p.y), c1); d1 = fma(wd, vec4f(p.y), d1);
    a2 = fma(wa, vec4f(p.z), a2); b2 = fma(wb, vec4f(p.z), b2); c2 = fma(wc, vec4f(p.z), c2); d2 = fma(wd, vec4f(p.z), d2);
    a3 = fma(wa, vec4f(p.w), a3); b3 = fma(wb, vec4f(p.w), b3); c3 = fma(wc, vec4f(p.w), c3); d3 = fma(wd, vec4f(p.w), d3);
    a4 = fma(wa, vec4f(q.x), a4); b4 = fma(wb, vec4f(q.x), b4); c4 = fma(wc, vec4f(q.x), c4); d4 = fma(wd, vec4f(q.x), d4);
    a5 = fma(wa, vec4f(q.y), a5); b5 = fma(wb, vec4f(q.y), b5); c5 = fma(wc, vec4f(q.y), c5); d5 = fma(wd, vec4f(q.y), d5);
    a6 = fma(wa, vec4f(q.z), a6); b6 = fma(wb, vec4f(q.z), b6); c6 = fma(wc, vec4f(q.z), c6); d6 = fma(wd, vec4f(q.z), d6);
    a7 = fma(wa, vec4f(q.w), a7); b7 = fma(wb, vec4f(q.w), b7); c7 = fma(wc, vec4f(q.w), c7); d7 = fma(wd, vec4f(q.w), d7);
    source += quads;
    at += 2u;
  }
  if (!is_inside) {
    return;
  }

  // All pixels use the same scales and shifts.
  let channels = vec2u(own_group, other_group) * PACKED_CHANNELS;
  let ca = channels_from(channels.x);
  let cb = channels_from(channels.x + 4u);
  let cc = channels_from(channels.y);
  let cd = channels_from(channels.y + 4u);
  var scales: Sixteen;
  if (HAS_SCALE) {
    scales = Sixteen(scales_of(ca), scales_of(cb), scales_of(cc), scales_of(cd));
  }
  var shifts: Sixteen;
  if (HAS_SHIFT) {
    shifts = Sixteen(shifts_of(ca), shifts_of(cb), shifts_of(cc), shifts_of(cd));
  }
  store_pixel(Sixteen(a0, b0, c0, d0), scales, shifts, channels, own_quad * 4u + 0u, image);
  store_pixel(Sixteen(a1, b1, c1, d1), scales, shifts, channels, own_quad * 4u + 1u, image);
  store_pixel(Sixteen(a2, b2, c2, d2), scales, shifts, channels, own_quad * 4u + 2u, image);
  store_pixel(Sixteen(a3, b3, c3, d3), scales, shifts, channels, own_quad * 4u + 3u, image);
  store_pixel(Sixteen(a4, b4, c4, d4), scales, shifts, channels, other_quad * 4u + 0u, image);
  store_pixel(Sixteen(a5, b5, c5, d5), scales, shifts, channels, other_quad * 4u + 1u, image);
  store_pixel(Sixteen(a6, b6, c6, d6), scales, shifts, channels, other_quad * 4u + 2u, image);
  store_pixel(Sixteen(a7, b7, c7, d7), scales, shifts, channels, other_quad * 4u + 3u, image);
}
