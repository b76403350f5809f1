// Normalises pixels to a network's input: y = (pixel * scale - mean) / std, per channel.
//
// x  [3, H, W], RGB, 0..255
// y  [1, 3, H, W], RGB, or BGR with the override BGR; mean and std are in the order of y's channels
//
// One invocation computes one pixel.
// Source: torchvision.transforms.functional.to_tensor, normalize; keras-applications, imagenet_utils.py, mode 'caffe'.

struct Params {
  area: u32, // H * W
  scale: f32,
  mean_0: f32,
  mean_1: f32,
  mean_2: f32,
  std_0: f32,
  std_1: f32,
  std_2: f32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

override BGR = false;

const WORKGROUP_SIZE = 64u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  if (i >= params.area) {
    return;
  }
  let rgb = vec3f(x[i], x[i + params.area], x[i + 2u * params.area]);
  let pixel = select(rgb, rgb.bgr, BGR);
  let mean = vec3f(params.mean_0, params.mean_1, params.mean_2);
  let deviation = vec3f(params.std_0, params.std_1, params.std_2);
  let value = (pixel * params.scale - mean) / deviation;
  y[i] = value.x;
  y[i + params.area] = value.y;
  y[i + 2u * params.area] = value.z;
}
