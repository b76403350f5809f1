// One step of Adam, in place, over all elements of one parameter.
//
// grad    any shape
// weight  the same shape
// m, v    the same shape: the running means of grad and of its square
//
// One invocation updates one element of weight, m and v.
// Source: torch.optim.Adam (amsgrad false); Kingma, Ba 2014

struct Params {
  size: u32,
  beta1: f32,
  one_minus_beta1: f32,
  beta2: f32,
  one_minus_beta2: f32,
  step_size: f32, // lr / (1 - beta1^step)
  root_correction: f32, // sqrt(1 - beta2^step)
  eps: f32,
  weight_decay: f32,
}

@group(0) @binding(0) var<storage, read> grad: array<f32>;
@group(0) @binding(1) var<storage, read_write> weight: array<f32>;
@group(0) @binding(2) var<storage, read_write> m: array<f32>;
@group(0) @binding(3) var<storage, read_write> v: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

const WORKGROUP_SIZE = 64u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  if (i >= params.size) {
    return;
  }
  let g = grad[i] + params.weight_decay * weight[i];
  let mean = params.beta1 * m[i] + params.one_minus_beta1 * g;
  let square = params.beta2 * v[i] + params.one_minus_beta2 * g * g;
  m[i] = mean;
  v[i] = square;
  weight[i] -= params.step_size * mean / (sqrt(square) / params.root_correction + params.eps);
}
