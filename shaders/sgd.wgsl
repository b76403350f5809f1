// One step of stochastic gradient descent with momentum, in place, over all elements of one parameter.
//
// grad      any shape
// weight    the same shape
// velocity  the same shape; the first step initialises it
//
// One invocation updates one element of weight and velocity.
// Source: torch.optim.SGD

struct Params {
  size: u32,
  lr: f32,
  momentum: f32,
  dampening: f32,
  weight_decay: f32,
  nesterov: u32,
  first: u32,
}

@group(0) @binding(0) var<storage, read> grad: array<f32>;
@group(0) @binding(1) var<storage, read_write> weight: array<f32>;
@group(0) @binding(2) var<storage, read_write> velocity: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const WORKGROUP_SIZE = 64u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  if (i >= params.size) {
    return;
  }
  let g = grad[i] + params.weight_decay * weight[i];
  var step = g;
  if (params.momentum != 0f) {
    var moving = g;
    if (params.first == 0u) {
      moving = params.momentum * velocity[i] + (1f - params.dampening) * g;
    }
    velocity[i] = moving;
    step = moving;
    if (params.nesterov == 1u) {
      step = g + params.momentum * moving;
    }
  }
  weight[i] -= params.lr * step;
}
