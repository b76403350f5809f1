// Winograd's F(2x2, 3x3): transforms the input of a 3x3 convolution, stride 1, padding 1; v = B^T d B for each tile.
//
// x  [N, C, H, W]
// v  [16, C, ceil(T / 4), 4], T = N * ceil(H / 2) * ceil(W / 2); tiles at T and beyond are 0
//
// One invocation transforms the 4x4 pixels under each of 4 tiles of a channel; pixels outside the image are zero.
// The points are those of winograd_2x2_weight.
// Source: Lavin and Gray 2015, arXiv 1509.09308

struct Params {
  channels: u32,
  height: u32,
  width: u32,
  tile_rows: u32,
  tile_columns: u32,
  tiles: u32, // T
  tile_groups: u32, // ceil(T / 4)
}

struct Four { v0: vec4f, v1: vec4f, v2: vec4f, v3: vec4f }

// The positions of four tiles: the plane of their channel, and the row and column just above and to the left of their
// first pixel. These wrap to large numbers below 0.
struct Tiles { plane: vec4u, row: vec4u, column: vec4u }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> v: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

const WORKGROUP_SIZE = 32u;
const OUTSIDE = 0x80000000u; // larger than any height, and still so after adding four rows

// B^T d
fn transform(d: Four) -> Four {
  return Four(d.v0 - d.v2, d.v1 + d.v2, d.v2 - d.v1, d.v3 - d.v1);
}

fn locate(c: u32, group: u32) -> Tiles {
  let slot = group * 4u + vec4u(0u, 1u, 2u, 3u);
  let t = min(slot, vec4u(params.tiles - 1u));
  let row = t / params.tile_columns;
  let image = row / params.tile_rows;
  return Tiles(
    (image * params.channels + c) * (params.height * params.width),
    select(vec4u(OUTSIDE), (row - image * params.tile_rows) * 2u - 1u, slot < vec4u(params.tiles)),
    (t - row * params.tile_columns) * 2u - 1u,
  );
}

// Loads one pixel of each tile.
fn load(tiles: Tiles, row: u32, column: u32) -> vec4f {
  let h = tiles.row + row;
  let w = tiles.column + column;
  let inside = (h < vec4u(params.height)) & (w < vec4u(params.width));
  let at = tiles.plane + select(vec4u(), h * params.width + w, inside);
  return select(vec4f(), vec4f(x[at.x], x[at.y], x[at.z], x[at.w]), inside);
}

fn load_row(tiles: Tiles, row: u32) -> Four {
  return Four(load(tiles, row, 0u), load(tiles, row, 1u), load(tiles, row, 2u), load(tiles, row, 3u));
}

fn store_column(column: u32, values: Four, at: u32, stride: u32) {
  let first = at + column * stride;
  v[first] = values.v0;
  v[first + 4u * stride] = values.v1;
  v[first + 8u * stride] = values.v2;
  v[first + 12u * stride] = values.v3;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  let stride = params.channels * params.tile_groups;
  if (i >= stride) {
    return;
  }
  let c = i / params.tile_groups;
  let tiles = locate(c, i - c * params.tile_groups);
  let r0 = transform(load_row(tiles, 0u));
  let r1 = transform(load_row(tiles, 1u));
  let r2 = transform(load_row(tiles, 2u));
  let r3 = transform(load_row(tiles, 3u));
  store_column(0u, transform(Four(r0.v0, r1.v0, r2.v0, r3.v0)), i, stride);
  store_column(1u, transform(Four(r0.v1, r1.v1, r2.v1, r3.v1)), i, stride);
  store_column(2u, transform(Four(r0.v2, r1.v2, r2.v2, r3.v2)), i, stride);
  store_column(3u, transform(Four(r0.v3, r1.v3, r2.v3, r3.v3)), i, stride);
}
