// Finds the smallest and the largest element of every map.
//
// x  [N, H, W]
// y  [N, 2], minimum and maximum; both are NaN if the map contains a NaN
//
// One invocation computes one map.

struct Params {
  maps: u32, // N
  area: u32, // H * W
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

const WORKGROUP_SIZE = 64u;

// Tests the bits: a compiler that assumes there are no NaNs may fold `value == value` to true.
fn is_nan(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let map = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  if (map >= params.maps) {
    return;
  }
  let start = map * params.area;
  var lowest = x[start];
  var highest = lowest;
  for (var i = start; i < start + params.area; i++) {
    let value = x[i];
    if (is_nan(value)) {
      lowest = value;
      highest = value;
      break;
    }
    lowest = select(lowest, value, value < lowest);
    highest = select(highest, value, value > highest);
  }
  y[2u * map] = lowest;
  y[2u * map + 1u] = highest;
}
