// Packs convolution weights in blocks of `tile` output channels, which become contiguous.
//
// weight  [O, C, KH, KW]
// y       [ceil(O / tile), C * KH * KW, tile]; channels at O and beyond are 0
//
// One invocation copies one element of y.

struct Params {
  out_channels: u32,
  depth: u32, // C * KH * KW
  tile: u32,
  size: u32, // elements of y
}

@group(0) @binding(0) var<storage, read> weight: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

const WORKGROUP_SIZE = 64u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  if (i >= params.size) {
    return;
  }
  let k = (i / params.tile) % params.depth;
  let o = i / (params.tile * params.depth) * params.tile + i % params.tile;
  let inside = o < params.out_channels;
  y[i] = select(0.0, weight[select(0u, o * params.depth + k, inside)], inside);
}
