// Unpacks interleaved 8-bit RGB pixels into planes of f32.
//
// x  [ceil(3 * H * W / 4)], words of four bytes, lowest byte first: R G B R G B ...; the last word is padded
// y  [3, H, W], 0..255
//
// One invocation unpacks four neighbouring pixels: three words, twelve bytes.

struct Params {
  area: u32, // H * W
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

const WORKGROUP_SIZE = 64u;

fn store(pixel: u32, rgb: vec3u) {
  if (pixel < params.area) {
    y[pixel] = f32(rgb.r & 255u);
    y[pixel + params.area] = f32(rgb.g & 255u);
    y[pixel + 2u * params.area] = f32(rgb.b & 255u);
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  let pixel = 4u * i;
  if (pixel >= params.area) {
    return;
  }
  // Reads past the last word are clamped; their pixels are past the image and are not stored.
  let last = arrayLength(&x) - 1u;
  let a = x[min(3u * i, last)];
  let b = x[min(3u * i + 1u, last)];
  let c = x[min(3u * i + 2u, last)];
  store(pixel, vec3u(a, a >> 8u, a >> 16u));
  store(pixel + 1u, vec3u(a >> 24u, b, b >> 8u));
  store(pixel + 2u, vec3u(b >> 16u, b >> 24u, c));
  store(pixel + 3u, vec3u(c >> 8u, c >> 16u, c >> 24u));
}
