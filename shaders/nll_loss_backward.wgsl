// The gradient of the mean negative log-likelihood.
//
// targets     [N], class numbers as f32
// gradOutput  [1]
// gradInput   [N, K], gradInput[n, k] = -gradOutput / N if k is targets[n], otherwise 0
//
// One invocation computes one element of gradInput.
// Source: torch.nn.NLLLoss, reduction 'mean'

struct Params {
  batch: u32, // N
  classes: u32, // K
}

@group(0) @binding(0) var<storage, read> targets: array<f32>;
@group(0) @binding(1) var<storage, read> gradOutput: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradInput: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const WORKGROUP_SIZE = 64u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  if (i >= params.batch * params.classes) {
    return;
  }
  let isTarget = f32(i % params.classes) == targets[i / params.classes];
  gradInput[i] = select(0f, -gradOutput[0] / f32(params.batch), isTarget);
}
