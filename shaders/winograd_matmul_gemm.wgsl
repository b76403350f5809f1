// winograd_matmul for GPUs: parts of both matrices are in workgroup memory.
// P is the number of points: 36 for F(4x4, 3x3), 16 for F(2x2, 3x3).
//
// v  [P, C, ceil(T / 4), 4], from winograd_input or winograd_2x2_input
// u  [P, ceil(O / TILE_CHANNELS), C, TILE_CHANNELS], from winograd_weight or winograd_2x2_weight
// m  [P, O, ceil(T / 4), 4]: m[p] = u[p] v[p]
//
// A workgroup computes 8 * ROWS channels of 8 * TILES Winograd tiles at one point. One invocation computes 8 channels
// of TILES = 4 or 8 Winograd tiles. It fetches the next part of both matrices into registers while it multiplies the
// current one, then writes it to the other half of workgroup memory: one barrier per step.

struct Params {
  channels: u32,
  out_channels: u32,
  tile_groups: u32, // ceil(T / 4)
}

@group(0) @binding(0) var<storage, read> v: array<vec4f>;
@group(0) @binding(1) var<storage, read> u: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

// Invocations of a workgroup along the channels: 4, 8 or 16, and a multiple of TILES.
override ROWS: u32 = 8u;
override TILES: u32 = 8u;
override TILE_CHANNELS: u32 = 8u; // 8 or 16

const COLUMNS = 8u;
const DEPTH = 8u; // channels per step
const WEIGHTS_EACH = 2u; // vec4f per invocation and step: DEPTH * 8 * ROWS / 4 vec4f by ROWS * COLUMNS invocations
const MOST_GROUPS_EACH = 2u;

override INVOCATIONS: u32 = ROWS * COLUMNS;
override EIGHTS: u32 = TILE_CHANNELS / 8u;
override STEP_WEIGHTS: u32 = DEPTH * ROWS * 2u; // vec4f
override STEP_GROUPS: u32 = COLUMNS * TILES / 4u; // vec4f of 4 tiles, per channel
override GROUPS_EACH: u32 = DEPTH * TILES / (4u * ROWS);

var<workgroup> weights: array<vec4f, 2u * STEP_WEIGHTS>;
var<workgroup> inputs: array<vec4f, 2u * DEPTH * STEP_GROUPS>;

// Writes one channel of 8 or 4 tiles.
fn store(first: vec4f, second: vec4f, point: u32, channel: u32, group: u32) {
  if (channel >= params.out_channels) {
    return;
  }
  let at = (point * params.out_channels + channel) * params.tile_groups;
  if (group < params.tile_groups) {
    m[at + group] = first;
  }
  if (TILES > 4u && group + COLUMNS < params.tile_groups) {
    m[at + group + COLUMNS] = second;
  }
}

@compute @workgroup_size(INVOCATIONS)
fn main(@builtin(local_invocation_index) invocation: u32, @builtin(workgroup_id) tile: vec3u) {
  let point = tile.z;
  let column = invocation % COLUMNS;
  let row = invocation / COLUMNS;
  let packed_groups = (params.out_channels + TILE_CHANNELS - 1u) / TILE_CHANNELS;

  var a0 = vec4f(); var b0 = vec4f();
  var a1 = vec4f(); var b1 = vec4f();
  var a2 = vec4f(); var b2 = vec4f();
  var a3 = vec4f(); var b3 = vec4f();
  var a4 = vec4f(); var b4 = vec4f();
  var a5 = vec4f(); var b5 = vec4f();
  var a6 = vec4f(); var b6 = vec4f();
  var a7 = vec4f(); var b7 = vec4f();

  var next_weights: array<vec4f, WEIGHTS_EACH>;
  var next_inputs: array<vec4f, MOST_GROUPS_EACH>;
  var half = 0u;
  // Fetching runs one step ahead of multiplying: the first step only fetches, the last step only multiplies.
  for (var depth = 0u; depth < params.channels + DEPTH; depth += DEPTH) {
    if (depth < params.channels) {
      for (var i = 0u; i < WEIGHTS_EACH; i++) {
        let e = invocation + i * INVOCATIONS; // (group, channel, half), in memory order
        let group = tile.y * ROWS + e / (2u * DEPTH);
        let channel = depth + e / 2u % DEPTH;
        var value = vec4f();
        if (group < packed_groups * EIGHTS && channel < params.channels) {
          let packed = (point * packed_groups + group / EIGHTS) * params.channels + channel;
          value = u[(packed * EIGHTS + group % EIGHTS) * 2u + e % 2u];
        }
        next_weights[i] = value;
      }
      for (var i = 0u; i < GROUPS_EACH; i++) {
        let e = invocation + i * INVOCATIONS;
        let group = tile.x * STEP_GROUPS + e % STEP_GROUPS;
        let channel = depth + e / STEP_GROUPS;
        var value = vec4f();
        if (group < params.tile_groups && channel < params.channels) {
          value = v[(point * params.channels + channel) * params.tile_groups + group];
        }
        next_inputs[i] = value;
      }
    }
    if (depth > 0u) {
      let weights_at = half * STEP_WEIGHTS + row * 2u;
      let inputs_at = half * DEPTH * STEP_GROUPS + column;
      for (var d = 0u; d < DEPTH; d++) {
        let low = weights[weights_at + d * ROWS * 2u];
        let high = weights[weights_at + d * ROWS * 2u + 1u];
        let first = inputs[inputs_at + d * STEP_GROUPS];
        a0 += low.x * first; a1 += low.y * first; a2 += low.z * first; a3 += low.w * first;
        a4 += high.x * first; a5 += high.y * first; a6 += high.z * first; a7 += high.w * first;
        if (TILES > 4u) {
          let second = inputs[inputs_at + d * STEP_GROUPS + COLUMNS];
          b0 += low.x * second; b1 += low.y * second; b2 += low.z * second; b3 += low.w * second;
          b4 += high.x * second; b5 += high.y * second; b6 += high.z * second; b7 += high.w * second;
        }
      }
      half = 1u - half;
    }
    if (depth < params.channels) {
      for (var i = 0u; i < WEIGHTS_EACH; i++) {
        let e = invocation + i * INVOCATIONS;
        weights[half * STEP_WEIGHTS + (e / 2u % DEPTH) * ROWS * 2u + e / (2u * DEPTH) * 2u + e % 2u] = next_weights[i];
      }
      for (var i = 0u; i < GROUPS_EACH; i++) {
        inputs[half * DEPTH * STEP_GROUPS + invocation + i * INVOCATIONS] = next_inputs[i];
      }
    }
    workgroupBarrier();
  }

  let channel = (tile.y * ROWS + row) * 8u;
  let group = tile.x * STEP_GROUPS + column;
  store(a0, b0, point, channel, group);
  store(a1, b1, point, channel + 1u, group);
  store(a2, b2, point, channel + 2u, group);
  store(a3, b3, point, channel + 3u, group);
  store(a4, b4, point, channel + 4u, group);
  store(a5, b5, point, channel + 5u, group);
  store(a6, b6, point, channel + 6u, group);
  store(a7, b7, point, channel + 7u, group);
}
