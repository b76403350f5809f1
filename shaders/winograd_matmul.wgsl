// Winograd's F(4x4, 3x3): a matrix product over channels at each of the 36 points; sums stay in registers.
//
// v  [36, C, ceil(T / 4), 4], from winograd_input
// u  [36, ceil(O / TILE_CHANNELS), C, TILE_CHANNELS], from winograd_weight
// m  [36, O, ceil(T / 4), 4]: m[p] = u[p] v[p]
//
// One invocation computes 8 or 16 channels of 8 Winograd tiles, or of 4 without WIDE. 16 channels are faster where
// loads cost more than spilled registers.
// No barriers and no workgroup memory: on a CPU Vulkan driver both cost more than they save.

struct Params {
  channels: u32,
  out_channels: u32,
  tile_groups: u32, // ceil(T / 4)
}

@group(0) @binding(0) var<storage, read> v: array<vec4f>;
@group(0) @binding(1) var<storage, read> u: array<f32>;
@group(0) @binding(2) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

override TILE_CHANNELS: u32 = 8u; // or 16
override WIDE: bool = true;

const WORKGROUP_SIZE = 32u;
const POINTS = 36u;

// Writes one channel of 4 tiles, or of 8 with has_second.
fn store(sum0: vec4f, sum1: vec4f, channel: u32, at: u32, has_second: bool) {
  if (channel >= params.out_channels) {
    return;
  }
  m[at] = sum0;
  if (has_second) {
    m[at + 1u] = sum1;
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  let tile_groups = params.tile_groups;
  let step = select(1u, 2u, WIDE);
  let columns = (tile_groups + step - 1u) / step;
  let groups = (params.out_channels + TILE_CHANNELS - 1u) / TILE_CHANNELS;
  if (i >= POINTS * groups * columns) {
    return;
  }
  let first = (i % columns) * step;
  let group = (i / columns) % groups;
  let point = i / (columns * groups);

  // Past the last group of tiles, the second half reads the first half again and is not stored.
  let has_second = WIDE && first + 1u < tile_groups;
  var left = point * params.channels * tile_groups + first;
  var right = select(left, left + 1u, has_second);
  var a0 = vec4f(); var b0 = vec4f();
  var a1 = vec4f(); var b1 = vec4f();
  var a2 = vec4f(); var b2 = vec4f();
  var a3 = vec4f(); var b3 = vec4f();
  var a4 = vec4f(); var b4 = vec4f();
  var a5 = vec4f(); var b5 = vec4f();
  var a6 = vec4f(); var b6 = vec4f();
  var a7 = vec4f(); var b7 = vec4f();
  var a8 = vec4f(); var b8 = vec4f();
  var a9 = vec4f(); var b9 = vec4f();
  var a10 = vec4f(); var b10 = vec4f();
  var a11 = vec4f(); var b11 = vec4f();
  var a12 = vec4f(); var b12 = vec4f();
  var a13 = vec4f(); var b13 = vec4f();
  var a14 = vec4f(); var b14 = vec4f();
  var a15 = vec4f(); var b15 = vec4f();

  var at = (point * groups + group) * params.channels * TILE_CHANNELS;
  for (var c = 0u; c < params.channels; c++) {
    let v0 = v[left];
    var v1 = vec4f();
    if (WIDE) {
      v1 = v[right];
    }
    let u0 = u[at];
    let u1 = u[at + 1u];
    let u2 = u[at + 2u];
    let u3 = u[at + 3u];
    a0 += u0 * v0; b0 += u0 * v1;
    a1 += u1 * v0; b1 += u1 * v1;
    a2 += u2 * v0; b2 += u2 * v1;
    a3 += u3 * v0; b3 += u3 * v1;
    let u4 = u[at + 4u];
    let u5 = u[at + 5u];
    let u6 = u[at + 6u];
    let u7 = u[at + 7u];
    a4 += u4 * v0; b4 += u4 * v1;
    a5 += u5 * v0; b5 += u5 * v1;
    a6 += u6 * v0; b6 += u6 * v1;
    a7 += u7 * v0; b7 += u7 * v1;
    if (TILE_CHANNELS == 16u) {
      let u8 = u[at + 8u];
      let u9 = u[at + 9u];
      let u10 = u[at + 10u];
      let u11 = u[at + 11u];
      let u12 = u[at + 12u];
      let u13 = u[at + 13u];
      let u14 = u[at + 14u];
      let u15 = u[at + 15u];
      a8 += u8 * v0; b8 += u8 * v1;
      a9 += u9 * v0; b9 += u9 * v1;
      a10 += u10 * v0; b10 += u10 * v1;
      a11 += u11 * v0; b11 += u11 * v1;
      a12 += u12 * v0; b12 += u12 * v1;
      a13 += u13 * v0; b13 += u13 * v1;
      a14 += u14 * v0; b14 += u14 * v1;
      a15 += u15 * v0; b15 += u15 * v1;
    }
    left += tile_groups;
    right += tile_groups;
    at += TILE_CHANNELS;
  }

  let channel = group * TILE_CHANNELS;
  let to = (point * params.out_channels + channel) * tile_groups + first;
  store(a0, b0, channel, to, has_second);
  store(a1, b1, channel + 1u, to + tile_groups, has_second);
  store(a2, b2, channel + 2u, to + 2u * tile_groups, has_second);
  store(a3, b3, channel + 3u, to + 3u * tile_groups, has_second);
  store(a4, b4, channel + 4u, to + 4u * tile_groups, has_second);
  store(a5, b5, channel + 5u, to + 5u * tile_groups, has_second);
  store(a6, b6, channel + 6u, to + 6u * tile_groups, has_second);
  store(a7, b7, channel + 7u, to + 7u * tile_groups, has_second);
  if (TILE_CHANNELS == 16u) {
    store(a8, b8, channel + 8u, to + 8u * tile_groups, has_second);
    store(a9, b9, channel + 9u, to + 9u * tile_groups, has_second);
    store(a10, b10, channel + 10u, to + 10u * tile_groups, has_second);
    store(a11, b11, channel + 11u, to + 11u * tile_groups, has_second);
    store(a12, b12, channel + 12u, to + 12u * tile_groups, has_second);
    store(a13, b13, channel + 13u, to + 13u * tile_groups, has_second);
    store(a14, b14, channel + 14u, to + 14u * tile_groups, has_second);
    store(a15, b15, channel + 15u, to + 15u * tile_groups, has_second);
  }
}
