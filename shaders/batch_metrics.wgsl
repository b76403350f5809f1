// Computes the metrics that a training loop reports for a batch; they stay on the device until the epoch ends.
//
// logProbabilities  [N, K]
// targets           [N], class numbers as f32
// loss              [1]
// metrics           [B, 2], B batches: row `row` is set to the loss and the number of correct predictions
//
// A prediction is the class with the largest log-probability; among equals, the first.
//
// A single invocation does all the work: a batch is small.
// Source: torch.max(outputs, 1)

struct Params {
  batch: u32, // N
  classes: u32, // K
  row: u32,
}

@group(0) @binding(0) var<storage, read> logProbabilities: array<f32>;
@group(0) @binding(1) var<storage, read> targets: array<f32>;
@group(0) @binding(2) var<storage, read> loss: array<f32>;
@group(0) @binding(3) var<storage, read_write> metrics: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(1)
fn main() {
  var correct = 0u;
  for (var n = 0u; n < params.batch; n++) {
    var best = 0u;
    for (var k = 1u; k < params.classes; k++) {
      if (logProbabilities[n * params.classes + k] > logProbabilities[n * params.classes + best]) {
        best = k;
      }
    }
    correct += select(0u, 1u, f32(best) == targets[n]);
  }
  metrics[params.row * 2u] = loss[0];
  metrics[params.row * 2u + 1u] = f32(correct);
}
