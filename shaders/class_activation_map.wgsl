// Class activation maps: every pixel's features, weighted by the class's row of the head. They show where the evidence
// for the class is.
//
// features  [N, C, H, W], the input of the global average pool
// weight    [K, C], of the linear layer after the pool
// classes   [N], class numbers as f32
// y         [N, H, W], sum over c of features[n, c, h, w] * weight[classes[n], c]; NaN if classes[n] is not a class
//
// One invocation computes one element of y as four partial sums: this keeps four loads in flight and cuts the rounding
// error to a quarter.
// Source: Zhou et al. 2016, Learning Deep Features for Discriminative Localization.

struct Params {
  batch: u32, // N
  channels: u32, // C
  area: u32, // H * W
  classes: u32, // K
}

@group(0) @binding(0) var<storage, read> features: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> classes: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

const WORKGROUP_SIZE = 64u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  if (i >= params.batch * params.area) {
    return;
  }
  let image = i / params.area;
  let class_number = classes[image];
  if (!(class_number >= 0.0 && class_number < f32(params.classes))) {
    var quiet_nan = 0x7fc00000u; // not a const: WGSL rejects a constant NaN
    y[i] = bitcast<f32>(quiet_nan);
    return;
  }
  let row = u32(class_number) * params.channels;
  let pixel = image * params.channels * params.area + i % params.area;
  let whole = params.channels / 4u * 4u;

  var sums = vec4f();
  for (var c = 0u; c < whole; c += 4u) {
    let at = pixel + c * params.area;
    let left = vec4f(features[at], features[at + params.area], features[at + 2u * params.area], features[at + 3u * params.area]);
    sums += left * vec4f(weight[row + c], weight[row + c + 1u], weight[row + c + 2u], weight[row + c + 3u]);
  }
  for (var c = whole; c < params.channels; c++) {
    sums.x += features[pixel + c * params.area] * weight[row + c];
  }
  y[i] = (sums.x + sums.y) + (sums.z + sums.w);
}
