// winograd_matmul for SIMD: its sums fit the registers of 128-bit or 256-bit SIMD.
//
// v  [36, C, ceil(T / 4), 4], from winograd_input
// u  [36, ceil(O / TILE_CHANNELS), C, TILE_CHANNELS], from winograd_weight
// m  [36, O, ceil(T / 4), 4]: m[p] = u[p] v[p]
//
// One invocation computes 4 or 6 channels of FOURS * 4 Winograd tiles, as vectors of four sums. With 128-bit SIMD, the
// sums of 8 Winograd tiles fit the registers: 6 channels if multiply-add is one instruction, 4 if each product needs a
// register. With 256-bit SIMD, the same number of channels of 16 tiles fit.
// The last column moves back so that it ends at the last group of four tiles; it stores only the tiles that no other
// invocation stores.

struct Params {
  channels: u32,
  out_channels: u32,
  tile_groups: u32, // ceil(T / 4)
}

@group(0) @binding(0) var<storage, read> v: array<vec4f>;
@group(0) @binding(1) var<storage, read> u: array<f32>;
@group(0) @binding(2) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

override TILE_CHANNELS: u32 = 6u; // or 4
override FOURS: u32 = 2u; // 1, 2 or 4; at most tile_groups

const WORKGROUP_SIZE = 32u;
const POINTS = 36u;

// Writes one channel of FOURS * 4 tiles, except the first `known` groups of four.
fn store(sum0: vec4f, sum1: vec4f, sum2: vec4f, sum3: vec4f, channel: u32, at: u32, known: u32) {
  if (channel >= params.out_channels) {
    return;
  }
  if (known == 0u) {
    m[at] = sum0;
    if (FOURS > 1u) {
      m[at + 1u] = sum1;
    }
    if (FOURS > 2u) {
      m[at + 2u] = sum2;
      m[at + 3u] = sum3;
    }
  } else {
    if (FOURS > 1u && known < 2u) {
      m[at + 1u] = sum1;
    }
    if (FOURS > 2u && known < 3u) {
      m[at + 2u] = sum2;
    }
    if (FOURS > 2u) {
      m[at + 3u] = sum3;
    }
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  let tile_groups = params.tile_groups;
  let columns = (tile_groups + FOURS - 1u) / FOURS;
  let groups = (params.out_channels + TILE_CHANNELS - 1u) / TILE_CHANNELS;
  if (i >= POINTS * groups * columns) {
    return;
  }
  let start = (i % columns) * FOURS;
  let first = min(start, tile_groups - FOURS);
  let group = (i / columns) % groups;
  let point = i / (columns * groups);

  var source = point * params.channels * tile_groups + first;
  var a0 = vec4f(); var b0 = vec4f(); var c0 = vec4f(); var d0 = vec4f();
  var a1 = vec4f(); var b1 = vec4f(); var c1 = vec4f(); var d1 = vec4f();
  var a2 = vec4f(); var b2 = vec4f(); var c2 = vec4f(); var d2 = vec4f();
  var a3 = vec4f(); var b3 = vec4f(); var c3 = vec4f(); var d3 = vec4f();
  var a4 = vec4f(); var b4 = vec4f(); var c4 = vec4f(); var d4 = vec4f();
  var a5 = vec4f(); var b5 = vec4f(); var c5 = vec4f(); var d5 = vec4f();

  var at = (point * groups + group) * params.channels * TILE_CHANNELS;
  for (var k = 0u; k < params.channels; k++) {
    let v0 = v[source];
    var v1 = vec4f();
    var v2 = vec4f();
    var v3 = vec4f();
    if (FOURS > 1u) {
      v1 = v[source + 1u];
    }
    if (FOURS > 2u) {
      v2 = v[source + 2u];
      v3 = v[source + 3u];
    }
    let u0 = u[at];
    let u1 = u[at + 1u];
    let u2 = u[at + 2u];
    let u3 = u[at + 3u];
    a0 += u0 * v0; b0 += u0 * v1; c0 += u0 * v2; d0 += u0 * v3;
    a1 += u1 * v0; b1 += u1 * v1; c1 += u1 * v2; d1 += u1 * v3;
    a2 += u2 * v0; b2 += u2 * v1; c2 += u2 * v2; d2 += u2 * v3;
    a3 += u3 * v0; b3 += u3 * v1; c3 += u3 * v2; d3 += u3 * v3;
    if (TILE_CHANNELS == 6u) {
      let u4 = u[at + 4u];
      let u5 = u[at + 5u];
      a4 += u4 * v0; b4 += u4 * v1; c4 += u4 * v2; d4 += u4 * v3;
      a5 += u5 * v0; b5 += u5 * v1; c5 += u5 * v2; d5 += u5 * v3;
    }
    source += tile_groups;
    at += TILE_CHANNELS;
  }

  let channel = group * TILE_CHANNELS;
  let to = (point * params.out_channels + channel) * tile_groups + first;
  store(a0, b0, c0, d0, channel, to, start - first);
  store(a1, b1, c1, d1, channel + 1u, to + tile_groups, start - first);
  store(a2, b2, c2, d2, channel + 2u, to + 2u * tile_groups, start - first);
  store(a3, b3, c3, d3, channel + 3u, to + 3u * tile_groups, start - first);
  if (TILE_CHANNELS == 6u) {
    store(a4, b4, c4, d4, channel + 4u, to + 4u * tile_groups, start - first);
    store(a5, b5, c5, d5, channel + 5u, to + 5u * tile_groups, start - first);
  }
}
