// Rows of a matrix, taken by number: a batch of a shuffled epoch, without leaving the device.
//
// x        [M, D]
// indices  [L], row numbers as f32
// y        [N, D], y[n] = x[indices[start + n]]; a number that is no row gives NaN
//
// One invocation copies four neighbours of one row.
// Source: torch.index_select, dim 0

struct Params {
  rows: u32, // M
  width: u32, // D
  start: u32,
  batch: u32, // N
  groups_across: u32, // ceil(D / 4)
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> indices: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const WORKGROUP_SIZE = 64u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let group = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  let n = group / params.groups_across;
  if (n >= params.batch) {
    return;
  }
  let first = group % params.groups_across * 4u;
  let end = min(first + 4u, params.width);
  let row = indices[params.start + n];
  // A constant NaN would not compile.
  var quiet_nan = 0x7fc00000u;
  let nothing = bitcast<f32>(quiet_nan);
  let isRow = row >= 0f && row < f32(params.rows);
  let source = select(0u, u32(row), isRow) * params.width;
  for (var d = first; d < end; d++) {
    y[n * params.width + d] = select(nothing, x[source + d], isRow);
  }
}
