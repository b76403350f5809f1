// The gradient of a linear layer's weight.
//
// gradOutput  [N, O]
// x           [N, I]
// gradWeight  [O, I], gradWeight[o, i] = sum over n of gradOutput[n, o] * x[n, i]
//
// One invocation computes a tile of gradWeight: two outputs high, so that a head of two classes reads x only once, and
// four inputs wide.
// Source: torch.nn.Linear

struct Params {
  batch: u32, // N
  outputs: u32, // O
  inputs: u32, // I
  tiles_across: u32, // ceil(I / 4)
}

@group(0) @binding(0) var<storage, read> gradOutput: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradWeight: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const WORKGROUP_SIZE = 32u;
const TILE_WIDTH = 4u;
const TILE_HEIGHT = 2u;

fn store(o: u32, i: u32, sums: vec4f) {
  if (o >= params.outputs) {
    return;
  }
  for (var c = 0u; c < min(TILE_WIDTH, params.inputs - i); c++) {
    gradWeight[o * params.inputs + i + c] = sums[c];
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let tile = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  let o = tile / params.tiles_across * TILE_HEIGHT;
  let i = tile % params.tiles_across * TILE_WIDTH;
  if (o >= params.outputs) {
    return;
  }
  // Past the edge, the last column and the last row are computed again and not stored.
  let columns = min(vec4u(i, i + 1u, i + 2u, i + 3u), vec4u(params.inputs - 1u));
  let second = min(o + 1u, params.outputs - 1u);
  var sums0 = vec4f();
  var sums1 = vec4f();
  var row = 0u;
  for (var n = 0u; n < params.batch; n++) {
    let at = columns + row;
    let values = vec4f(x[at.x], x[at.y], x[at.z], x[at.w]);
    sums0 += gradOutput[n * params.outputs + o] * values;
    sums1 += gradOutput[n * params.outputs + second] * values;
    row += params.inputs;
  }
  store(o, i, sums0);
  store(o + 1u, i, sums1);
}
