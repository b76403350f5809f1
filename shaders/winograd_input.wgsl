// The input of a 3x3 convolution, stride 1, padding 1, as Winograd's F(4x4, 3x3) takes it: v = B^T d B for each tile.
//
// x  [N, C, H, W]
// v  [36, C, ceil(T / 4), 4], T = N * ceil(H / 4) * ceil(W / 4); tiles past T are 0
//
// One invocation transforms the 6x6 pixels under one tile of one channel; those outside of the image are zero.
// The points are those of winograd_weight.
// Source: Lavin and Gray 2015, arXiv 1509.09308

struct Params {
  channels: u32,
  height: u32,
  width: u32,
  tile_rows: u32,
  tile_columns: u32,
  tiles: u32, // T
  padded_tiles: u32, // T, up to a multiple of 4
}

struct Six { v0: f32, v1: f32, v2: f32, v3: f32, v4: f32, v5: f32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> v: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

const WORKGROUP_SIZE = 32u;
const SQRT_2 = 1.4142135623730951;
const OUTSIDE = 0x80000000u; // larger than any width, also a tile further on

// B^T d
fn transform(d: Six) -> Six {
  let even_half = d.v4 - 2.0 * d.v2;
  let odd_half = 0.5 * SQRT_2 * d.v3 - SQRT_2 * d.v1;
  let even_two = d.v4 - 0.5 * d.v2;
  let odd_two = SQRT_2 * d.v3 - 0.5 * SQRT_2 * d.v1;
  return Six(
    d.v0 - 2.5 * d.v2 + d.v4,
    even_half + odd_half,
    even_half - odd_half,
    even_two + odd_two,
    even_two - odd_two,
    d.v1 - 2.5 * d.v3 + d.v5,
  );
}

// One column of the tile, from `row` down. Unsigned wrap makes what lies above and to the left large.
fn load(plane: u32, row: u32, column: u32) -> Six {
  let inside = column < params.width;
  let at = plane + select(0u, column, inside);
  return Six(
    pixel(at, row, inside),
    pixel(at, row + 1u, inside),
    pixel(at, row + 2u, inside),
    pixel(at, row + 3u, inside),
    pixel(at, row + 4u, inside),
    pixel(at, row + 5u, inside),
  );
}

fn pixel(at: u32, row: u32, inside_columns: bool) -> f32 {
  let inside = row < params.height;
  return select(0.0, x[at + select(0u, row * params.width, inside)], inside && inside_columns);
}

fn store(row: u32, values: Six, at: u32, stride: u32) {
  let first = at + row * 6u * stride;
  v[first] = values.v0;
  v[first + stride] = values.v1;
  v[first + 2u * stride] = values.v2;
  v[first + 3u * stride] = values.v3;
  v[first + 4u * stride] = values.v4;
  v[first + 5u * stride] = values.v5;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  let stride = params.channels * params.padded_tiles;
  if (i >= stride) {
    return;
  }
  let slot = i % params.padded_tiles;
  let c = i / params.padded_tiles;
  let t = min(slot, params.tiles - 1u);
  let image = t / (params.tile_rows * params.tile_columns);
  let row = t / params.tile_columns % params.tile_rows * 4u - 1u;
  // Slots past the last tile read outside of the image.
  let column = select(OUTSIDE, t % params.tile_columns * 4u - 1u, slot < params.tiles);
  let plane = (image * params.channels + c) * params.height * params.width;
  let c0 = transform(load(plane, row, column));
  let c1 = transform(load(plane, row, column + 1u));
  let c2 = transform(load(plane, row, column + 2u));
  let c3 = transform(load(plane, row, column + 3u));
  let c4 = transform(load(plane, row, column + 4u));
  let c5 = transform(load(plane, row, column + 5u));
  store(0u, transform(Six(c0.v0, c1.v0, c2.v0, c3.v0, c4.v0, c5.v0)), i, stride);
  store(1u, transform(Six(c0.v1, c1.v1, c2.v1, c3.v1, c4.v1, c5.v1)), i, stride);
  store(2u, transform(Six(c0.v2, c1.v2, c2.v2, c3.v2, c4.v2, c5.v2)), i, stride);
  store(3u, transform(Six(c0.v3, c1.v3, c2.v3, c3.v3, c4.v3, c5.v3)), i, stride);
  store(4u, transform(Six(c0.v4, c1.v4, c2.v4, c3.v4, c4.v4, c5.v4)), i, stride);
  store(5u, transform(Six(c0.v5, c1.v5, c2.v5, c3.v5, c4.v5, c5.v5)), i, stride);
}
