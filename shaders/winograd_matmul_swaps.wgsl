// winograd_matmul in which the four invocations of a quad share their loads.
//
// v  [36, C, ceil(T / 4), 4], from winograd_input
// u  [36, ceil(O / 16), C, 16], from winograd_weight
// m  [36, O, ceil(T / 4), 4]: m[p] = u[p] v[p]
//
// One invocation computes 16 channels of 8 Winograd tiles. A quad covers 32 channels of 16 Winograd tiles: each
// invocation loads half of its weights and half of its inputs, and takes the other half of each from the neighbour that
// loaded it. The kernel assumes that consecutive invocations are consecutive lanes of a subgroup.

enable subgroups;

struct Params {
  channels: u32,
  out_channels: u32,
  tile_groups: u32, // ceil(T / 4)
}

@group(0) @binding(0) var<storage, read> v: array<vec4f>;
@group(0) @binding(1) var<storage, read> u: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

const WORKGROUP_SIZE = 32u;
const TILE_CHANNELS = 16u;
const POINTS = 36u;

// Writes one channel of 8 tiles: the four that this invocation loaded and the four that its neighbour loaded.
fn store(own: vec4f, other: vec4f, channel: u32, point: u32, columns: vec2u) {
  if (channel >= params.out_channels) {
    return;
  }
  let at = (point * params.out_channels + channel) * params.tile_groups;
  if (columns.x < params.tile_groups) {
    m[at + columns.x] = own;
  }
  if (columns.y < params.tile_groups) {
    m[at + columns.y] = other;
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  let tile_groups = params.tile_groups;
  let column_pairs = (tile_groups + 3u) / 4u;
  let groups = (params.out_channels + TILE_CHANNELS - 1u) / TILE_CHANNELS;
  let group_pairs = (groups + 1u) / 2u;
  // Invocations past the end load and exchange values too, but store nothing.
  let lane = i % 4u;
  let pair = i / 4u;
  let is_inside = pair < POINTS * group_pairs * column_pairs;
  let point = min(pair / (column_pairs * group_pairs), POINTS - 1u);
  let group = pair / column_pairs % group_pairs * 2u + lane / 2u;
  let first = (pair % column_pairs * 2u + lane % 2u) * 2u;
  // In a quad, lanes of a row share their channels, and lanes of a column share their tiles.
  let columns = first + vec2u(lane / 2u, 1u - lane / 2u);
  let eights = vec2u(lane % 2u, 1u - lane % 2u);

  var source = point * params.channels * tile_groups + min(columns.x, tile_groups - 1u);
  var at = ((point * groups + min(group, groups - 1u)) * params.channels * 2u + eights.x) * 2u;
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
  for (var c = 0u; c < params.channels; c++) {
    let v0 = v[source];
    let ua = u[at];
    let ub = u[at + 1u];
    let v1 = quadSwapY(v0);
    let uc = quadSwapX(ua);
    let ud = quadSwapX(ub);
    a0 = fma(vec4f(ua.x), v0, a0); b0 = fma(vec4f(ua.x), v1, b0);
    a1 = fma(vec4f(ua.y), v0, a1); b1 = fma(vec4f(ua.y), v1, b1);
    a2 = fma(vec4f(ua.z), v0, a2); b2 = fma(vec4f(ua.z), v1, b2);
    a3 = fma(vec4f(ua.w), v0, a3); b3 = fma(vec4f(ua.w), v1, b3);
    a4 = fma(vec4f(ub.x), v0, a4); b4 = fma(vec4f(ub.x), v1, b4);
    a5 = fma(vec4f(ub.y), v0, a5); b5 = fma(vec4f(ub.y), v1, b5);
    a6 = fma(vec4f(ub.z), v0, a6); b6 = fma(vec4f(ub.z), v1, b6);
    a7 = fma(vec4f(ub.w), v0, a7); b7 = fma(vec4f(ub.w), v1, b7);
    a8 = fma(vec4f(uc.x), v0, a8); b8 = fma(vec4f(uc.x), v1, b8);
    a9 = fma(vec4f(uc.y), v0, a9); b9 = fma(vec4f(uc.y), v1, b9);
    a10 = fma(vec4f(uc.z), v0, a10); b10 = fma(vec4f(uc.z), v1, b10);
    a11 = fma(vec4f(uc.w), v0, a11); b11 = fma(vec4f(uc.w), v1, b11);
    a12 = fma(vec4f(ud.x), v0, a12); b12 = fma(vec4f(ud.x), v1, b12);
    a13 = fma(vec4f(ud.y), v0, a13); b13 = fma(vec4f(ud.y), v1, b13);
    a14 = fma(vec4f(ud.z), v0, a14); b14 = fma(vec4f(ud.z), v1, b14);
    a15 = fma(vec4f(ud.w), v0, a15); b15 = fma(vec4f(ud.w), v1, b15);
    source += tile_groups;
    at += 4u;
  }
  if (!is_inside) {
    return;
  }

  let own = (group * 2u + eights.x) * 8u;
  let other = (group * 2u + eights.y) * 8u;
  store(a0, b0, own, point, columns);
  store(a1, b1, own + 1u, point, columns);
  store(a2, b2, own + 2u, point, columns);
  store(a3, b3, own + 3u, point, columns);
  store(a4, b4, own + 4u, point, columns);
  store(a5, b5, own + 5u, point, columns);
  store(a6, b6, own + 6u, point, columns);
  store(a7, b7, own + 7u, point, columns);
  store(a8, b8, other, point, columns);
  store(a9, b9, other + 1u, point, columns);
  store(a10, b10, other + 2u, point, columns);
  store(a11, b11, other + 3u, point, columns);
  store(a12, b12, other + 4u, point, columns);
  store(a13, b13, other + 5u, point, columns);
  store(a14, b14, other + 6u, point, columns);
  store(a15, b15, other + 7u, point, columns);
}
