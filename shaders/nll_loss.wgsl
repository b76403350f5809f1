// The negative log-likelihood of the targets, averaged over the batch.
//
// x        [N, K], log-probabilities
// targets  [N], class numbers as f32
// y        [1], -mean(x[n, targets[n]]); NaN if any target is not a class
//
// A single invocation does all the work. It sums in chunks, so that the rounding error grows with N / CHUNK, not N.
// Source: torch.nn.NLLLoss, reduction 'mean'.

struct Params {
  batch: u32, // N
  classes: u32, // K
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> targets: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const CHUNK = 64u;

@compute @workgroup_size(1)
fn main() {
  var quiet_nan = 0x7fc00000u; // not a const: WGSL rejects a constant NaN
  let nothing = bitcast<f32>(quiet_nan);
  var total = 0.0;
  for (var chunk = 0u; chunk < params.batch; chunk += CHUNK) {
    var sum = 0.0;
    for (var n = chunk; n < min(chunk + CHUNK, params.batch); n++) {
      let class_number = targets[n];
      let is_class = class_number >= 0.0 && class_number < f32(params.classes);
      let value = x[n * params.classes + select(0u, u32(class_number), is_class)];
      sum += select(nothing, value, is_class);
    }
    total += sum;
  }
  y[0] = -total / f32(params.batch);
}
