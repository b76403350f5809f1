// A fully connected layer: y = x * weight^T + bias.
//
// x       [N, in]
// weight  [out, in]
// bias    [out], optional
// y       [N, out]
//
// One invocation computes one element of y as four partial sums: this keeps four loads in flight and cuts the rounding
// error to a quarter.
// Source: torch.nn.Linear.

struct Params {
  rows: u32, // N
  in_features: u32,
  out_features: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

override HAS_BIAS = true;

const WORKGROUP_SIZE = 64u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  if (i >= params.rows * params.out_features) {
    return;
  }
  let feature = i % params.out_features;
  let a = (i / params.out_features) * params.in_features;
  let b = feature * params.in_features;
  let whole = params.in_features / 4u * 4u;

  var sums = vec4f();
  for (var k = 0u; k < whole; k += 4u) {
    let left = vec4f(x[a + k], x[a + k + 1u], x[a + k + 2u], x[a + k + 3u]);
    let right = vec4f(weight[b + k], weight[b + k + 1u], weight[b + k + 2u], weight[b + k + 3u]);
    sums += left * right;
  }
  for (var k = whole; k < params.in_features; k++) {
    sums.x += x[a + k] * weight[b + k];
  }
  var total = (sums.x + sums.y) + (sums.z + sums.w);
  if (HAS_BIAS) {
    total += bias[feature];
  }
  y[i] = total;
}
