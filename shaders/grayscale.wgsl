// Replaces all three channels of an image by its luma.
//
// x  [3, H, W], RGB, whole numbers 0..255
// y  [3, H, W], (19595 * R + 38470 * G + 7471 * B + 2^15) >> 16, in each channel
//
// One invocation computes one pixel.
// Source: ITU-R 601-2 as in Pillow's convert('L'); torchvision.transforms.Grayscale(3).

struct Params {
  area: u32, // H * W
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

const WORKGROUP_SIZE = 64u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  if (i >= params.area) {
    return;
  }
  let rgb = vec3u(vec3f(x[i], x[i + params.area], x[i + 2u * params.area]) + 0.5);
  let luma = f32((19595u * rgb.r + 38470u * rgb.g + 7471u * rgb.b + 32768u) >> 16u);
  y[i] = luma;
  y[i + params.area] = luma;
  y[i + 2u * params.area] = luma;
}
