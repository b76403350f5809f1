// Batch normalisation with stored statistics: y = (x - mean) * (weight / sqrt(var + eps)) + bias.
//
// x                                        [N, C, H, W]
// weight, bias, running_mean, running_var  [C]
// y                                        [N, C, H, W]
//
// One invocation computes up to RUN neighbours in one plane, so that it computes the channel's scale only once.
// Source: torch.nn.BatchNorm2d in eval mode.

struct Params {
  planes: u32, // N * C
  channels: u32,
  area: u32, // H * W
  eps: f32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read> running_mean: array<f32>;
@group(0) @binding(4) var<storage, read> running_var: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

const WORKGROUP_SIZE = 64u;
const RUN = 4u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  let runs = (params.area + RUN - 1u) / RUN;
  let plane = i / runs;
  if (plane >= params.planes) {
    return;
  }
  let channel = plane % params.channels;
  let scale = weight[channel] / sqrt(running_var[channel] + params.eps);
  let shift = bias[channel];
  // Subtracted from x before scaling. Folded into the shift, a mean far from zero would be rounded twice before it
  // cancels.
  let mean = running_mean[channel];

  let first = (i % runs) * RUN;
  let start = plane * params.area;
  for (var k = first; k < min(first + RUN, params.area); k++) {
    y[start + k] = (x[start + k] - mean) * scale + shift;
  }
}
