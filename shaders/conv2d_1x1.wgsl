// 1x1 convolution with any stride and no padding: a matrix product over channels, with the sums in registers.
//
// x         [N, C, H, W]
// weight    [ceil(O / 8), C, 8], packed by pack_conv2d_weight
// scale     [O], shift [O], residual [N, O, OH, OW]; each is optional
// y         [N, O, OH, OW] = relu?(scale * conv(x) + shift + residual); x may cover only a band of y's rows
//
// One invocation computes 16 channels of 7 pixels: 7 divides the width of every ResNet stage, and more channels mean
// fewer loads of x per product.
// No barriers and no workgroup memory: on a CPU Vulkan driver both cost more than they save, because a barrier is a
// context switch and a load from workgroup memory is an ordinary load.

struct Params {
  batch: u32,
  channels: u32,
  height: u32,
  width: u32,
  out_channels: u32,
  out_height: u32, // of the band
  out_width: u32,
  stride: u32,
  plane: u32, // OH * OW of y
  first_pixel: u32, // the pixel of y at which the band begins
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
const PACKED_CHANNELS = 8u;

// One value for each of sixteen channels.
struct Sixteen { a: vec4f, b: vec4f, c: vec4f, d: vec4f }

// Returns the index in a channel's plane from which an output pixel reads.
fn source(pixel: u32) -> u32 {
  let row = pixel / params.out_width;
  return (row * params.width + (pixel - row * params.out_width)) * params.stride;
}

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
fn store_pixel(sums: Sixteen, scales: Sixteen, shifts: Sixteen, channel: u32, pixel: u32, image: u32) {
  if (pixel >= params.out_height * params.out_width) {
    return;
  }
  var values = sums;
  if (HAS_SCALE) {
    values = Sixteen(values.a * scales.a, values.b * scales.b, values.c * scales.c, values.d * scales.d);
  }
  if (HAS_SHIFT) {
    values = Sixteen(values.a + shifts.a, values.b + shifts.b, values.c + shifts.c, values.d + shifts.d);
  }
  store(values.a, channel, pixel, image);
  store(values.b, channel + 4u, pixel, image);
  store(values.c, channel + 8u, pixel, image);
  store(values.d, channel + 12u, pixel, image);
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
  let pixels = params.out_height * params.out_width;
  let tiles = (pixels + TILE_PIXELS - 1u) / TILE_PIXELS;
  let packed_groups = (params.out_channels + PACKED_CHANNELS - 1u) / PACKED_CHANNELS;
  let groups = (packed_groups + 1u) / 2u;
  if (i >= params.batch * groups * tiles) {
    return;
  }
  let first = (i % tiles) * TILE_PIXELS;
  let group = (i / tiles) % groups * 2u;
  let image = i / (tiles * groups);

  // Pixels of a tile past the end read the last pixel again and are not stored.
  let last = pixels - 1u;
  let plane = params.height * params.width;
  let base = image * params.channels * plane;
  var i0 = base + source(min(first + 0u, last));
  var i1 = base + source(min(first + 1u, last));
  var i2 = base + source(min(first + 2u, last));
  var i3 = base + source(min(first + 3u, last));
  var i4 = base + source(min(first + 4u, last));
  var i5 = base + source(min(first + 5u, last));
  var i6 = base + source(min(first + 6u, last));
  var a0 = vec4f(); var b0 = vec4f(); var c0 = vec4f(); var d0 = vec4f();
  var a1 = vec4f(); var b1 = vec4f(); var c1 = vec4f(); var d1 = vec4f();
  var a2 = vec4f(); var b2 = vec4f(); var c2 = vec4f(); var d2 = vec4f();
  var a3 = vec4f(); var b3 = vec4f(); var c3 = vec4f(); var d3 = vec4f();
  var a4 = vec4f(); var b4 = vec4f(); var c4 = vec4f(); var d4 = vec4f();
  var a5 = vec4f(); var b5 = vec4f(); var c5 = vec4f(); var d5 = vec4f();
  var a6 = vec4f(); var b6 = vec4f(); var c6 = vec4f(); var d6 = vec4f();

  // Without a second channel block, the first is read again. On SwiftShader, `fma` takes a tenth less time than `+=`.
  var near = group * params.channels * 2u;
  var far = min(group + 1u, packed_groups - 1u) * params.channels * 2u;
  for (var channel = 0u; channel < params.channels; channel++) {
    let wa = weight[near];
    let wb = weight[near + 1u];
    let wc = weight[far];
    let wd = weight[far + 1u];
    let x0 = x[i0];
    let x1 = x[i1];
    let x2 = x[i2];
    let x3 = x[i3];
    let x4 = x[i4];
    let x5 = x[i5];
    let x6 = x[i6];
    a0 = fma(wa, vec4f(x0), a0); b0 = fma(wb, vec4f(x0), b0); c0 = fma(wc, vec4f(x0), c0); d0 = fma(wd, vec4f(x0), d0);
    a1 = fma(wa, vec4f(x1), a1); b1 = fma(wb, vec4f(x1), b1); c1 = fma(wc, vec4f(x1), c1); d1 = fma(wd, vec4f(x1), d1);
    a2 = fma(wa, vec4f(x2), a2); b2 = fma(wb, vec4f(x2), b2); c2 = fma(wc, vec4f(x2), c2); d2 = fma(wd, vec4f(x2), d2);
    a3 = fma(wa, vec4f(x3), a3); b3 = fma(wb, vec4f(x3), b3); c3 = fma(wc, vec4f(x3), c3); d3 = fma(wd, vec4f(x3), d3);
    a4 = fma(wa, vec4f(x4), a4); b4 = fma(wb, vec4f(x4), b4); c4 = fma(wc, vec4f(x4), c4); d4 = fma(wd, vec4f(x4), d4);
    a5 = fma(wa, vec4f(x5), a5); b5 = fma(wb, vec4f(x5), b5); c5 = fma(wc, vec4f(x5), c5); d5 = fma(wd, vec4f(x5), d5);
    a6 = fma(wa, vec4f(x6), a6); b6 = fma(wb, vec4f(x6), b6); c6 = fma(wc, vec4f(x6), c6); d6 = fma(wd, vec4f(x6), d6);
    i0 += plane; i1 += plane; i2 += plane; i3 += plane; i4 += plane; i5 += plane; i6 += plane;
    near += 2u;
    far += 2u;
  }

  // All pixels use the same scales and shifts.
  let channel = group * PACKED_CHANNELS;
  let ca = channels_from(channel);
  let cb = channels_from(channel + 4u);
  let cc = channels_from(channel + 8u);
  let cd = channels_from(channel + 12u);
  var scales: Sixteen;
  if (HAS_SCALE) {
    scales = Sixteen(scales_of(ca), scales_of(cb), scales_of(cc), scales_of(cd));
  }
  var shifts: Sixteen;
  if (HAS_SHIFT) {
    shifts = Sixteen(shifts_of(ca), shifts_of(cb), shifts_of(cc), shifts_of(cd));
  }
  store_pixel(Sixteen(a0, b0, c0, d0), scales, shifts, channel, first + 0u, image);
  store_pixel(Sixteen(a1, b1, c1, d1), scales, shifts, channel, first + 1u, image);
  store_pixel(Sixteen(a2, b2, c2, d2), scales, shifts, channel, first + 2u, image);
  store_pixel(Sixteen(a3, b3, c3, d3), scales, shifts, channel, first + 3u, image);
  store_pixel(Sixteen(a4, b4, c4, d4), scales, shifts, channel, first + 4u, image);
  store_pixel(Sixteen(a5, b5, c5, d5), scales, shifts, channel, first + 5u, image);
  store_pixel(Sixteen(a6, b6, c6, d6), scales, shifts, channel, first + 6u, image);
}
