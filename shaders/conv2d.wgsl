// 2-D convolution with any window, stride and padding; sums stay in registers.
//
// x         [N, C, H, W]
// weight    [ceil(O / 8), C * KH * KW, 8], packed by pack_conv2d_weight
// scale     [O], shift [O], residual [N, O, OH, OW]; each is optional
// y         [N, O, OH, OW] = relu?(scale * conv(x) + shift + residual)
//
// One invocation computes 8 channels of 7 pixels.
// No barriers and no workgroup memory: on a CPU Vulkan driver both cost more than they save, because a barrier is a
// context switch and a load from workgroup memory is an ordinary load.
// Source: torch.nn.functional.conv2d, groups 1, dilation 1.

struct Params {
  batch: u32,
  channels: u32,
  height: u32,
  width: u32,
  out_channels: u32,
  out_height: u32,
  out_width: u32,
  stride: u32,
  padding: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;
@group(0) @binding(2) var<storage, read> scale: array<f32>;
@group(0) @binding(3) var<storage, read> shift: array<f32>;
@group(0) @binding(4) var<storage, read> residual: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

override KERNEL_HEIGHT: u32 = 1u;
override KERNEL_WIDTH: u32 = 1u;
// Whether every window is inside x.
override IS_INSIDE: bool = false;
override HAS_SCALE: bool = false;
override HAS_SHIFT: bool = false;
override HAS_RESIDUAL: bool = false;
override RELU: bool = false;

const WORKGROUP_SIZE = 32u;
const TILE_PIXELS = 7u;
const TILE_CHANNELS = 8u;

// Returns the top left corner of an output pixel's window. Positions above or left of x wrap to large numbers.
fn corner(pixel: u32) -> vec2u {
  let row = pixel / params.out_width;
  return vec2u(row, pixel - row * params.out_width) * params.stride - params.padding;
}

// Returns the element of x under one tap of a window, or 0 outside x.
fn tap(start: u32, position: vec2u) -> f32 {
  if (IS_INSIDE) {
    return x[start + position.x * params.width + position.y];
  }
  let inside = position.x < params.height && position.y < params.width;
  return select(0.0, x[start + select(0u, position.x * params.width + position.y, inside)], inside);
}

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
  let pixels = params.out_height * params.out_width;
  let tiles = (pixels + TILE_PIXELS - 1u) / TILE_PIXELS;
  let groups = (params.out_channels + TILE_CHANNELS - 1u) / TILE_CHANNELS;
  if (i >= params.batch * groups * tiles) {
    return;
  }
  let first = (i % tiles) * TILE_PIXELS;
  let group = (i / tiles) % groups;
  let image = i / (tiles * groups);
  let last = pixels - 1u;
  let p0 = corner(min(first + 0u, last));
  let p1 = corner(min(first + 1u, last));
  let p2 = corner(min(first + 2u, last));
  let p3 = corner(min(first + 3u, last));
  let p4 = corner(min(first + 4u, last));
  let p5 = corner(min(first + 5u, last));
  let p6 = corner(min(first + 6u, last));
  var a0 = vec4f(); var b0 = vec4f();
  var a1 = vec4f(); var b1 = vec4f();
  var a2 = vec4f(); var b2 = vec4f();
  var a3 = vec4f(); var b3 = vec4f();
  var a4 = vec4f(); var b4 = vec4f();
  var a5 = vec4f(); var b5 = vec4f();
  var a6 = vec4f(); var b6 = vec4f();

  let plane = params.height * params.width;
  var at = group * params.channels * KERNEL_HEIGHT * KERNEL_WIDTH * 2u;
  for (var c = 0u; c < params.channels; c++) {
    let start = (image * params.channels + c) * plane;
    for (var r = 0u; r < KERNEL_HEIGHT; r++) {
      for (var s = 0u; s < KERNEL_WIDTH; s++) {
        let low = weight[at];
        let high = weight[at + 1u];
        let step = vec2u(r, s);
        let x0 = tap(start, p0 + step);
        let x1 = tap(start, p1 + step);
        let x2 = tap(start, p2 + step);
        let x3 = tap(start, p3 + step);
        let x4 = tap(start, p4 + step);
        let x5 = tap(start, p5 + step);
        let x6 = tap(start, p6 + step);
        a0 += low * x0; b0 += high * x0;
        a1 += low * x1; b1 += high * x1;
        a2 += low * x2; b2 += high * x2;
        a3 += low * x3; b3 += high * x3;
        a4 += low * x4; b4 += high * x4;
        a5 += low * x5; b5 += high * x5;
        a6 += low * x6; b6 += high * x6;
        at += 2u;
      }
    }
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
