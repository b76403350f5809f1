// The negative log-likelihood of the targets, averaged over the batch.
//
// x       [N, K], log-probabilities
// target  [N], class numbers as f32
// y       [1], -mean(x[n, target[n]]); NaN where a target is no class
//
// One invocation computes it all, in chunks, so that rounding grows with the square root of N and not with N.
// Source: torch.nn.NLLLoss, reduction 'mean'.

struct Params {
  rows: u32, // N
  classes: u32, // K
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> target: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const CHUNK = 64u;
