// The products of Winograd's F(4x4, 3x3): at each of its 36 points a matrix product over channels, by register tiles.
//
// v  [36, C, ceil(T / 4), 4], by winograd_input
// u  [36, ceil(O / 8), C, 8], by winograd_weight
// m  [36, O, ceil(T / 4), 4]: m[p] = u[p] v[p]
//
// One invocation computes 8 channels of 4 tiles, or of 8 where WIDE: more sums for each load, more registers.
// No barriers and no workgroup memory: on a CPU's Vulkan driver both cost more than they save.

struct Params {
  channels: u32,
  out_channels: u32,
  tile_groups: u32, // ceil(T / 4)
}

@group(0) @binding(0) var<storage, read> v: array<vec4f>;
@group(0) @binding(1) var<storage, read> u: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

override WIDE: bool = false;

const WORKGROUP_SIZE = 32u;
const POINTS = 36u;
const TILE_CHANNELS = 8u;

// Writes four channels of four tiles; the sums hold the channels of one tile each.
fn store(t0: vec4f, t1: vec4f, t2: vec4f, t3: vec4f, at: u32, channel: u32) {
  for (var c = 0u; c < 4u; c++) {
    if (channel + c >= params.out_channels) {
      return;
    }
    m[at + c * params.tile_groups] = vec4f(t0[c], t1[c], t2[c], t3[c]);
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  let step = select(1u, 2u, WIDE);
  let columns = (params.tile_groups + step - 1u) / step;
  let groups = (params.out_channels + TILE_CHANNELS - 1u) / TILE_CHANNELS;
  if (i >= POINTS * groups * columns) {
    return;
  }
  let first = (i % columns) * step;
  let group = (i / columns) % groups;
  let point = i / (columns * groups);

  // Past the last group of tiles the second half reads the first again, and is not stored.
  let has_second = first + 1u < params.tile_groups;
  var left = point * params.channels * params.tile_groups + first;
  var right = select(left, left + 1u, has_second);
  var a0 = vec4f(); var b0 = vec4f();
  var a1 = vec4f(); var b1 = vec4f();
  var a2 = vec4f(); var b2 = vec4f();
  var a3 = vec4f(); var b3 = vec4f();
  var a4 = vec4f(); var b4 = vec4f();
  var a5 = vec4f(); var b5 = vec4f();
  var a6 = vec4f(); var b6 = vec4f();
  var a7 = vec4f(); var b7 = vec4f();

  var at = (point * groups + group) * params.channels * 2u;
  for (var c = 0u; c < params.channels; c++) {
    let low = u[at];
    let high = u[at + 1u];
    let v0 = v[left];
    a0 += low * v0.x; b0 += high * v0.x;
    a1 += low * v0.y; b1 += high * v0.y;
    a2 += low * v0.z; b2 += high * v0.z;
    a3 += low * v0.w; b3 += high * v0.w;
    if (WIDE) {
      let v1 = v[right];
      a4 += low * v1.x; b4 += high * v1.x;
      a5 += low * v1.y; b5 += high * v1.y;
      a6 += low * v1.z; b6 += high * v1.z;
      a7 += low * v1.w; b7 += high * v1.w;
    }
    left += params.tile_groups;
    right += params.tile_groups;
    at += 2u;
  }

  let channel = group * TILE_CHANNELS;
  let low_at = (point * params.out_channels + channel) * params.tile_groups + first;
  let high_at = low_at + 4u * params.tile_groups;
  store(a0, a1, a2, a3, low_at, channel);
  store(b0, b1, b2, b3, high_at, channel + 4u);
  if (WIDE && has_second) {
    store(a4, a5, a6, a7, low_at + 1u, channel);
    store(b4, b5, b6, b7, high_at + 1u, channel + 4u);
  }
}
