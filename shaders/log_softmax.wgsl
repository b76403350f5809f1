// The logarithm of softmax over the last dimension: y = x - max - log(sum(exp(x - max))).
//
// x  [N, K]
// y  [N, K]
//
// A NaN anywhere in a row makes the whole row NaN.
//
// One invocation computes one row. Even for K = 1000 this is the least work: without workgroup memory, any other split
// would repeat the row's sum.
// Source: torch.nn.LogSoftmax(dim=1).

struct Params {
  rows: u32, // N
  classes: u32, // K
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

const WORKGROUP_SIZE = 64u;
// Terms that are summed before they are added to the total, so that the rounding error does not grow with K.
const CHUNK = 32u;

// Tests the bits: a compiler that assumes there are no NaNs may fold `value == value` to true.
fn is_nan(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u;
}

// Returns log(1 + u) for u >= 0. WGSL guarantees no relative accuracy for log() near 1, which is where a confident
// prediction falls; below u = 0.5 this sums the series of 2 * atanh(u / (2 + u)) instead.
fn log1p(u: f32) -> f32 {
  if (is_nan(u)) {
    return u;
  }
  if (u >= 0.5) {
    return log(1.0 + u);
  }
  let s = u / (2.0 + u);
  let s2 = s * s;
  return 2.0 * s * (1.0 + s2 * (1.0 / 3.0 + s2 * (1.0 / 5.0 + s2 * (1.0 / 7.0 + s2 * (1.0 / 9.0 + s2 * (1.0 / 11.0))))));
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let row = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  if (row >= params.rows) {
    return;
  }
  let start = row * params.classes;
  let end = start + params.classes;

  var best = start;
  for (var i = start + 1u; i < end; i++) {
    if (x[i] > x[best]) {
      best = i;
    }
  }
  let largest = x[best];

  // The largest term is 1. It is left out of this sum, so that small other terms keep their digits.
  var others = 0.0;
  for (var chunk = start; chunk < end; chunk += CHUNK) {
    var sum = 0.0;
    for (var i = chunk; i < min(chunk + CHUNK, end); i++) {
      let below = x[i] - largest;
      // On SwiftShader, exp() and log() lose a NaN.
      let term = select(exp(below), below, is_nan(below));
      sum += select(term, 0.0, i == best);
    }
    others += sum;
  }

  let offset = log1p(others);
  for (var i = start; i < end; i++) {
    y[i] = (x[i] - largest) - offset;
  }
}
