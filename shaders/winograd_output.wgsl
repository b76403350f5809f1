// Winograd's F(4x4, 3x3): transforms the products into the output, y = A^T m A for each tile, with conv2d's epilogue.
//
// m         [36, O, ceil(T / 4), 4], T = N * ceil(H / 4) * ceil(W / 4)
// scale     [O], shift [O], residual [N, O, H, W]; each is optional
// y         [N, O, H, W] = relu?(scale * conv(x) + shift + residual)
//
// One invocation computes the 4x4 pixels of each of 4 tiles in one channel. The points are those of winograd_weight.
// Source: Lavin and Gray 2015, arXiv 1509.09308

struct Params {
  out_channels: u32,
  height: u32,
  width: u32,
  tile_rows: u32,
  tile_columns: u32,
  tiles: u32, // T
  tile_groups: u32, // ceil(T / 4)
}

// Each vector has one pixel of each of four tiles, or four pixels of one tile row.
struct Four { v0: vec4f, v1: vec4f, v2: vec4f, v3: vec4f }
struct Six { v0: vec4f, v1: vec4f, v2: vec4f, v3: vec4f, v4: vec4f, v5: vec4f }

@group(0) @binding(0) var<storage, read> m: array<vec4f>;
@group(0) @binding(1) var<storage, read> scale: array<f32>;
@group(0) @binding(2) var<storage, read> shift: array<f32>;
@group(0) @binding(3) var<storage, read> residual: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

override HAS_SCALE: bool = false;
override HAS_SHIFT: bool = false;
override HAS_RESIDUAL: bool = false;
override RELU: bool = false;

const WORKGROUP_SIZE = 32u;
const SQRT_2 = 1.4142135623730951;

// A^T m
fn transform(m: Six) -> Four {
  let even_half = m.v1 + m.v2;
  let odd_half = m.v1 - m.v2;
  let even_two = m.v3 + m.v4;
  let odd_two = m.v3 - m.v4;
  return Four(
    m.v0 + even_half + even_two,
    (0.5 * SQRT_2) * odd_half + SQRT_2 * odd_two,
    0.5 * even_half + 2.0 * even_two,
    (0.25 * SQRT_2) * odd_half + (2.0 * SQRT_2) * odd_two + m.v5,
  );
}

// Transposes vectors of one pixel of each tile into vectors of the pixels of each tile.
fn transpose_tiles(p: Four) -> Four {
  let low01 = vec4f(p.v0.x, p.v1.x, p.v0.y, p.v1.y);
  let low23 = vec4f(p.v2.x, p.v3.x, p.v2.y, p.v3.y);
  let high01 = vec4f(p.v0.z, p.v1.z, p.v0.w, p.v1.w);
  let high23 = vec4f(p.v2.z, p.v3.z, p.v2.w, p.v3.w);
  return Four(
    vec4f(low01.xy, low23.xy),
    vec4f(low01.zw, low23.zw),
    vec4f(high01.xy, high23.xy),
    vec4f(high01.zw, high23.zw),
  );
}

// Loads one column of the transformed tiles.
fn load(at: u32, stride: u32) -> Six {
  return Six(m[at], m[at + 6u * stride], m[at + 12u * stride], m[at + 18u * stride], m[at + 24u * stride], m[at + 30u * stride]);
}

// Writes four pixels of a row, `columns` of which are inside the image.
fn finish(sums: vec4f, o: u32, at: u32, columns: u32) {
  var values = sums;
  if (HAS_SCALE) {
    values *= scale[o];
  }
  if (HAS_SHIFT) {
    values += shift[o];
  }
  if (HAS_RESIDUAL) {
    values += vec4f(residual[at], residual[at + 1u], residual[at + 2u], residual[at + 3u]);
  }
  // `NaN < 0` is false, so a NaN stays visible.
  if (RELU) {
    values = select(values, vec4f(), values < vec4f());
  }
  y[at] = values.x;
  if (columns > 1u) {
    y[at + 1u] = values.y;
  }
  if (columns > 2u) {
    y[at + 2u] = values.z;
  }
  if (columns > 3u) {
    y[at + 3u] = values.w;
  }
}

fn store(tile: u32, o: u32, row0: vec4f, row1: vec4f, row2: vec4f, row3: vec4f) {
  if (tile >= params.tiles) {
    return;
  }
  let line = tile / params.tile_columns;
  let image = line / params.tile_rows;
  let row = (line - image * params.tile_rows) * 4u;
  let column = (tile - line * params.tile_columns) * 4u;
  let columns = params.width - column;
  let rows = params.height - row;
  let at = ((image * params.out_channels + o) * params.height + row) * params.width + column;
  finish(row0, o, at, columns);
  if (rows > 1u) { finish(row1, o, at + params.width, columns); }
  if (rows > 2u) { finish(row2, o, at + 2u * params.width, columns); }
  if (rows > 3u) { finish(row3, o, at + 3u * params.width, columns); }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  let stride = params.out_channels * params.tile_groups;
  if (i >= stride) {
    return;
  }
  let o = i / params.tile_groups;
  let c0 = transform(load(i, stride));
  let c1 = transform(load(i + stride, stride));
  let c2 = transform(load(i + 2u * stride, stride));
  let c3 = transform(load(i + 3u * stride, stride));
  let c4 = transform(load(i + 4u * stride, stride));
  let c5 = transform(load(i + 5u * stride, stride));
  let r0 = transpose_tiles(transform(Six(c0.v0, c1.v0, c2.v0, c3.v0, c4.v0, c5.v0)));
  let r1 = transpose_tiles(transform(Six(c0.v1, c1.v1, c2.v1, c3.v1, c4.v1, c5.v1)));
  let r2 = transpose_tiles(transform(Six(c0.v2, c1.v2, c2.v2, c3.v2, c4.v2, c5.v2)));
  let r3 = transpose_tiles(transform(Six(c0.v3, c1.v3, c2.v3, c3.v3, c4.v3, c5.v3)));
  let tile = (i - o * params.tile_groups) * 4u;
  store(tile, o, r0.v0, r1.v0, r2.v0, r3.v0);
  store(tile + 1u, o, r0.v1, r1.v1, r2.v1, r3.v1);
  store(tile + 2u, o, r0.v2, r1.v2, r2.v2, r3.v2);
  store(tile + 3u, o, r0.v3, r1.v3, r2.v3, r3.v3);
}
