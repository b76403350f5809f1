// The output of Winograd's F(4x4, 3x3): y = A^T m A for each tile, with the epilogue of conv2d.
//
// m         [36, O, ceil(T / 4), 4], T = N * ceil(H / 4) * ceil(W / 4)
// scale     [O], shift [O], residual [N, O, H, W]: each optional
// y         [N, O, H, W] = relu?(scale * conv(x) + shift + residual)
//
// One invocation computes the 4x4 pixels of one tile of one channel. The points are those of winograd_weight.
// Source: Lavin and Gray 2015, arXiv 1509.09308

struct Params {
  out_channels: u32,
  height: u32,
  width: u32,
  tile_rows: u32,
  tile_columns: u32,
  tiles: u32, // T
  padded_tiles: u32, // T, up to a multiple of 4
}

struct Four { v0: f32, v1: f32, v2: f32, v3: f32 }
struct Six { v0: f32, v1: f32, v2: f32, v3: f32, v4: f32, v5: f32 }

@group(0) @binding(0) var<storage, read> m: array<f32>;
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

// One column of the transformed tile.
fn load(at: u32, stride: u32) -> Six {
  return Six(m[at], m[at + 6u * stride], m[at + 12u * stride], m[at + 18u * stride], m[at + 24u * stride], m[at + 30u * stride]);
}

fn store(row: u32, column: u32, values: Four, o: u32, plane: u32) {
  if (row >= params.height) {
    return;
  }
  let at = plane + row * params.width + column;
  finish(values.v0, o, at);
  if (column + 1u < params.width) { finish(values.v1, o, at + 1u); }
  if (column + 2u < params.width) { finish(values.v2, o, at + 2u); }
  if (column + 3u < params.width) { finish(values.v3, o, at + 3u); }
}

fn finish(sum: f32, o: u32, at: u32) {
  var value = sum;
  if (HAS_SCALE) {
    value *= scale[o];
  }
  if (HAS_SHIFT) {
    value += shift[o];
  }
  if (HAS_RESIDUAL) {
    value += residual[at];
  }
  // NaN is not below zero: it stays, and surfaces.
  y[at] = select(value, 0.0, RELU && value < 0.0);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  if (i >= params.out_channels * params.tiles) {
    return;
  }
  let t = i % params.tiles;
  let o = i / params.tiles;
  let image = t / (params.tile_rows * params.tile_columns);
  let row = t / params.tile_columns % params.tile_rows * 4u;
  let column = t % params.tile_columns * 4u;
  let plane = (image * params.out_channels + o) * params.height * params.width;
  let at = o * params.padded_tiles + t;
  let stride = params.out_channels * params.padded_tiles;
  let c0 = transform(load(at, stride));
  let c1 = transform(load(at + stride, stride));
  let c2 = transform(load(at + 2u * stride, stride));
  let c3 = transform(load(at + 3u * stride, stride));
  let c4 = transform(load(at + 4u * stride, stride));
  let c5 = transform(load(at + 5u * stride, stride));
  store(row, column, transform(Six(c0.v0, c1.v0, c2.v0, c3.v0, c4.v0, c5.v0)), o, plane);
  store(row + 1u, column, transform(Six(c0.v1, c1.v1, c2.v1, c3.v1, c4.v1, c5.v1)), o, plane);
  store(row + 2u, column, transform(Six(c0.v2, c1.v2, c2.v2, c3.v2, c4.v2, c5.v2)), o, plane);
  store(row + 3u, column, transform(Six(c0.v3, c1.v3, c2.v3, c3.v3, c4.v3, c5.v3)), o, plane);
}
