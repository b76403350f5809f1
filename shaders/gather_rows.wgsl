// Gathers rows of a matrix by index: builds a batch of a shuffled epoch on the device.
//
// x        [M, D]
// indices  [L], row numbers as f32
// y        [N, D], y[n] = x[indices[start + n]]; NaN if that index is not a row
//
// One workgroup copies one row.
// Source: torch.index_select, dim 0

struct Params {
  rows: u32, // M
  width: u32, // D
  start: u32,
  batch: u32, // N
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> indices: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const WORKGROUP_SIZE = 64u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let n = group.x + group.y * workgroups.x;
  if (n >= params.batch) {
    return;
  }
  let row = indices[params.start + n];
  var to = n * params.width + lane;
  let end = (n + 1u) * params.width;
  if (row >= 0f && row < f32(params.rows)) {
    var source = u32(row) * params.width + lane;
    for (; to < end; to += WORKGROUP_SIZE) {
      y[to] = x[source];
      source += WORKGROUP_SIZE;
    }
  } else {
    var quiet_nan = 0x7fc00000u; // not a const: WGSL rejects a constant NaN
    for (; to < end; to += WORKGROUP_SIZE) {
      y[to] = bitcast<f32>(quiet_nan);
    }
  }
}
