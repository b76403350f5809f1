// Winograd's F(4x4, 3x3): transforms the input of a 3x3 convolution, stride 1, padding 1; v = B^T d B for each tile.
//
// x  [N, C, H, W]
// v  [36, C, ceil(T / 4), 4], T = N * ceil(H / 4) * ceil(W / 4); tiles at T and beyond are 0
//
// One invocation transforms the 6x6 pixels under each of 4 tiles of a channel; pixels outside the image are zero.
// The points are those of winograd_weight.
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

struct Six { v0: vec4f, v1: vec4f, v2: vec4f, v3: vec4f, v4: vec4f, v5: vec4f }

// The positions of four tiles: the plane of their channel, and the row and column just above and to the left of their
// first pixel. These wrap to large numbers below 0.
struct Tiles { plane: vec4u, row: vec4u, column: vec4u }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> v: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

const WORKGROUP_SIZE = 32u;
const SQRT_2 = 1.4142135623730951;
const OUTSIDE = 0x80000000u; // larger than any height, and still so after adding six rows

// B^T d
fn transform(d: Six) -> Six {
  let even_half = d.v4 - 2.0 * d.v2;
  let odd_half = (0.5 * SQRT_2) * d.v3 - SQRT_2 * d.v1;
  let even_two = d.v4 - 0.5 * d.v2;
  let odd_two = SQRT_2 * d.v3 - (0.5 * SQRT_2) * d.v1;
  return Six(
    d.v0 - 2.5 * d.v2 + d.v4,
    even_half + odd_half,
    even_half - odd_half,
    even_two + odd_two,
    even_two - odd_two,
    d.v1 - 2.5 * d.v3 + d.v5,
  );
}

fn locate(c: u32, group: u32) -> Tiles {
  let slot = group * 4u + vec4u(0u, 1u, 2u, 3u);
  let t = min(slot, vec4u(params.tiles - 1u));
  let row = t / params.tile_columns;
  let image = row / params.tile_rows;
  return Tiles(
    (image * params.channels + c) * (params.height * params.width),
    select(vec4u(OUTSIDE), (row - image * params.tile_rows) * 4u - 1u, slot < vec4u(params.tiles)),
    (t - row * params.tile_columns) * 4u - 1u,
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

fn load_row(tiles: Tiles, row: u32) -> Six {
  return Six(
    load(tiles, row, 0u),
    load(tiles, row, 1u),
    load(tiles, row, 2u),
    load(tiles, row, 3u),
    load(tiles, row, 4u),
    load(tiles, row, 5u),
  );
}

fn store_column(column: u32, values: Six, at: u32, stride: u32) {
  let first = at + column * stride;
  v[first] = values.v0;
  v[first + 6u * stride] = values.v1;
  v[first + 12u * stride] = values.v2;
  v[first + 18u * stride] = values.v3;
  v[first + 24u * stride] = values.v4;
  v[first + 30u * stride] = values.v5;
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
  let r4 = transform(load_row(tiles, 4u));
  let r5 = transform(load_row(tiles, 5u));
  store_column(0u, transform(Six(r0.v0, r1.v0, r2.v0, r3.v0, r4.v0, r5.v0)), i, stride);
  store_column(1u, transform(Six(r0.v1, r1.v1, r2.v1, r3.v1, r4.v1, r5.v1)), i, stride);
  store_column(2u, transform(Six(r0.v2, r1.v2, r2.v2, r3.v2, r4.v2, r5.v2)), i, stride);
  store_column(3u, transform(Six(r0.v3, r1.v3, r2.v3, r3.v3, r4.v3, r5.v3)), i, stride);
  store_column(4u, transform(Six(r0.v4, r1.v4, r2.v4, r3.v4, r4.v4, r5.v4)), i, stride);
  store_column(5u, transform(Six(r0.v5, r1.v5, r2.v5, r3.v5, r4.v5, r5.v5)), i, stride);
}
