// Winograd's F(2x2, 3x3): transforms the products into the output, y = A^T m A for each tile, with conv2d's epilogue.
//
// m         [16, O, ceil(T / 4), 4], T = N * ceil(H / 2) * ceil(W / 2)
// scale     [O], shift [O], residual [N, O, H, W]; each is optional
// y         [N, O, H, W] = relu?(scale * conv(x) + shift + residual)
//
// One invocation computes the 2x2 pixels of each of 4 tiles in one channel.
// The points are those of winograd_2x2_weight.
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

// Each vector has one value for each of four tiles.
struct Two { v0: vec4f, v1: vec4f }
struct Four { v0: vec4f, v1: vec4f, v2: vec4f, v3: vec4f }

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

// A^T m
fn transform(m: Four) -> Two {
  return Two(m.v0 + m.v1 + m.v2, m.v1 - m.v2 + m.v3);
}

// Loads one column of the transformed tiles.
fn load(at: u32, stride: u32) -> Four {
  return Four(m[at], m[at + 4u * stride], m[at + 8u * stride], m[at + 12u * stride]);
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
  // `NaN < 0` is false, so a NaN stays visible.
  y[at] = select(value, 0.0, RELU && value < 0.0);
}

// Writes one tile: two pixels in each of two rows.
fn store(tile: u32, o: u32, pixels: vec4f) {
  if (tile >= params.tiles) {
    return;
  }
  let line = tile / params.tile_columns;
  let image = line / params.tile_rows;
  let row = (line - image * params.tile_rows) * 2u;
  let column = (tile - line * params.tile_columns) * 2u;
  let is_wide = column + 1u < params.width;
  let at = ((image * params.out_channels + o) * params.height + row) * params.width + column;
  finish(pixels.x, o, at);
  if (is_wide) {
    finish(pixels.y, o, at + 1u);
  }
  if (row + 1u < params.height) {
    finish(pixels.z, o, at + params.width);
    if (is_wide) {
      finish(pixels.w, o, at + params.width + 1u);
    }
  }
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
  let r0 = transform(Four(c0.v0, c1.v0, c2.v0, c3.v0));
  let r1 = transform(Four(c0.v1, c1.v1, c2.v1, c3.v1));
  let tile = (i - o * params.tile_groups) * 4u;
  store(tile, o, vec4f(r0.v0.x, r0.v1.x, r1.v0.x, r1.v1.x));
  store(tile + 1u, o, vec4f(r0.v0.y, r0.v1.y, r1.v0.y, r1.v1.y));
  store(tile + 2u, o, vec4f(r0.v0.z, r0.v1.z, r1.v0.z, r1.v1.z));
  store(tile + 3u, o, vec4f(r0.v0.w, r0.v1.w, r1.v0.w, r1.v1.w));
}
