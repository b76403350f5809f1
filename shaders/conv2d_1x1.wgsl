// 1x1 convolution, any stride, no padding, by register tiles: a matrix product over channels.
//
// x         [N, C, H, W]
// weight    [ceil(O / 8), C, 8], packed by pack_conv2d_weight
// scale     [O], shift [O], residual [N, O, OH, OW]: each optional
// y         [N, O, OH, OW] = relu?(scale * conv(x) + shift + residual)
//
// One invocation computes 8 channels of 7 pixels: 7 divides the widths of every stage of ResNet.
// No barriers and no workgroup memory: on a CPU's Vulkan driver both cost more than they save, a barrier being a
// context switch and workgroup memory an ordinary load.

struct Params {
  batch: u32,
  channels: u32,
  height: u32,
  width: u32,
  out_channels: u32,
  out_height: u32,
  out_width: u32,
  stride: u32,
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

// Where an output pixel reads in a channel's plane.
fn source(pixel: u32) -> u32 {
  let row = pixel / params.out_width;
  return (row * params.width + (pixel - row * params.out_width)) * params.stride;
}

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
  let pixels = params.out_height * params.out_width;
  let tiles = (pixels + TILE_PIXELS - 1u) / TILE_PIXELS;
  let groups = (params.out_channels + TILE_CHANNELS - 1u) / TILE_CHANNELS;
  if (i >= params.batch * groups * tiles) {
    return;
  }
  let first = (i % tiles) * TILE_PIXELS;
  let group = (i / tiles) % groups;
  let image = i / (tiles * groups);

  // A tile's pixels past the end read the last one again, and are not stored.
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
  var a0 = vec4f(); var b0 = vec4f();
  var a1 = vec4f(); var b1 = vec4f();
  var a2 = vec4f(); var b2 = vec4f();
  var a3 = vec4f(); var b3 = vec4f();
  var a4 = vec4f(); var b4 = vec4f();
  var a5 = vec4f(); var b5 = vec4f();
  var a6 = vec4f(); var b6 = vec4f();

  var at = group * params.channels * 2u;
  for (var c = 0u; c < params.channels; c++) {
    let low = weight[at];
    let high = weight[at + 1u];
    let x0 = x[i0];
    let x1 = x[i1];
    let x2 = x[i2];
    let x3 = x[i3];
    let x4 = x[i4];
    let x5 = x[i5];
    let x6 = x[i6];
    a0 += low * x0; b0 += high * x0;
    a1 += low * x1; b1 += high * x1;
    a2 += low * x2; b2 += high * x2;
    a3 += low * x3; b3 += high * x3;
    a4 += low * x4; b4 += high * x4;
    a5 += low * x5; b5 += high * x5;
    a6 += low * x6; b6 += high * x6;
    i0 += plane; i1 += plane; i2 += plane; i3 += plane; i4 += plane; i5 += plane; i6 += plane;
    at += 2u;
  }

  let channel = group * TILE_CHANNELS;
  if (first + 0u <= last) { store(a0, channel, first + 0u, pixels, image); store(b0, channel + 4u, first + 0u, pixels, image); }
  if (first + 1u <= last) { store(a1, channel, first + 1u, pixels, image); store(b1, channel + 4u, first + 1u, pixels, image); }
  if (first + 2u <= last) { store(a2, channel, first + 2u, pixels, image); store(b2, channel + 4u, first + 2u, pixels, image); }
  if (first + 3u <= last) { store(a3, channel, first + 3u, pixels, image); store(b3, channel + 4u, first + 3u, pixels, image); }
  if (first + 4u <= last) { store(a4, channel, first + 4u, pixels, image); store(b4, channel + 4u, first + 4u, pixels, image); }
  if (first + 5u <= last) { store(a5, channel, first + 5u, pixels, image); store(b5, channel + 4u, first + 5u, pixels, image); }
  if (first + 6u <= last) { store(a6, channel, first + 6u, pixels, image); store(b6, channel + 4u, first + 6u, pixels, image); }
}
