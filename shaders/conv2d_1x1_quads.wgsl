// 1x1 convolution with stride 1 and no padding, for planes of a multiple of 4 pixels, which it reads four at a time.
//
// x         [N, C, H, W], as vectors of 4 pixels
// weight    [ceil(O / 8), C, 8], packed by pack_conv2d_weight
// scale     [O], shift [O], residual [N, O, H, W]; each is optional
// y         [N, O, H, W] = relu?(scale * conv(x) + shift + residual); x may cover only a band of y's rows
//
// One invocation computes 16 channels of 8 pixels. conv2d_1x1 handles all other planes: it loads pixels one by one.

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
fn store_pixel(sums: Sixteen, scales: Sixteen, shifts: Sixteen, channel: u32, pixel: u32, image: u32) {
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
  let tiles = (params.pixels + TILE_PIXELS - 1u) / TILE_PIXELS;
  let packed_groups = (params.out_channels + PACKED_CHANNELS - 1u) / PACKED_CHANNELS;
  let groups = (packed_groups + 1u) / 2u;
  if (i >= params.batch * groups * tiles) {
    return;
  }
  let first = (i % tiles) * TILE_PIXELS;
  let group = (i / tiles) % groups * 2u;
  let image = i / (tiles * groups);

  // Past the end of the plane, the second half reads the first half again and is not stored.
  let quads = params.pixels / 4u;
  var left = image * params.channels * quads + first / 4u;
  var right = select(left, left + 1u, first + 4u < params.pixels);
  var a0 = vec4f(); var b0 = vec4f(); var c0 = vec4f(); var d0 = vec4f();
  var a1 = vec4f(); var b1 = vec4f(); var c1 = vec4f(); var d1 = vec4f();
  var a2 = vec4f(); var b2 = vec4f(); var c2 = vec4f(); var d2 = vec4f();
  var a3 = vec4f(); var b3 = vec4f(); var c3 = vec4f(); var d3 = vec4f();
  var a4 = vec4f(); var b4 = vec4f(); var c4 = vec4f(); var d4 = vec4f();
  var a5 = vec4f(); var b5 = vec4f(); var c5 = vec4f(); var d5 = vec4f();
  var a6 = vec4f(); var b6 = vec4f(); var c6 = vec4f(); var d6 = vec4f();
  var a7 = vec4f(); var b7 = vec4f(); var c7 = vec4f(); var d7 = vec4f();

  // Without a second channel block, the first is read again. On SwiftShader, `fma` takes a tenth less time than `+=`.
  var near = group * params.channels * 2u;
  var far = min(group + 1u, packed_groups - 1u) * params.channels * 2u;
  for (var channel = 0u; channel < params.channels; channel++) {
    let wa = weight[near];
    let wb = weight[near + 1u];
    let wc = weight[far];
    let wd = weight[far + 1u];
    let p = x[left];
    let q = x[right];
    a0 = fma(wa, vec4f(p.x), a0); b0 = fma(wb, vec4f(p.x), b0); c0 = fma(wc, vec4f(p.x), c0); d0 = fma(wd, vec4f(p.x), d0);
    a1 = fma(wa, vec4f(p.y), a1); b1 = fma(wb, vec4f(p.y), b1); c1 = fma(wc, vec4f(p.y), c1); d1 = fma(wd, vec4f(p.y), d1);
    a2 = fma(wa, vec4f(p.z), a2); b2 = fma(wb, vec4f(p.z), b2); c2 = fma(wc, vec4f(p.z), c2); d2 = fma(wd, vec4f(p.z), d2);
    a3 = fma(wa, vec4f(p.w), a3); b3 = fma(wb, vec4f(p.w), b3); c3 = fma(wc, vec4f(p.w), c3); d3 = fma(wd, vec4f(p.w), d3);
    a4 = fma(wa, vec4f(q.x), a4); b4 = fma(wb, vec4f(q.x), b4); c4 = fma(wc, vec4f(q.x), c4); d4 = fma(wd, vec4f(q.x), d4);
    a5 = fma(wa, vec4f(q.y), a5); b5 = fma(wb, vec4f(q.y), b5); c5 = fma(wc, vec4f(q.y), c5); d5 = fma(wd, vec4f(q.y), d5);
    a6 = fma(wa, vec4f(q.z), a6); b6 = fma(wb, vec4f(q.z), b6); c6 = fma(wc, vec4f(q.z), c6); d6 = fma(wd, vec4f(q.z), d6);
    a7 = fma(wa, vec4f(q.w), a7); b7 = fma(wb, vec4f(q.w), b7); c7 = fma(wc, vec4f(q.w), c7); d7 = fma(wd, vec4f(q.w), d7);
    left += quads;
    right += quads;
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
  store_pixel(Sixteen(a7, b7, c7, d7), scales, shifts, channel, first + 7u, image);
}
