// Winograd's F(2x2, 3x3): transforms the weights of a 3x3 convolution, u = G g G^T for each pair of channels.
//
// weight  [O, C, 3, 3]
// u       [16, ceil(O / tile), C, tile]; channels at O and beyond are 0
//
// One invocation transforms one window. The points are 0, 1, -1 and infinity.
// Source: Lavin and Gray 2015, arXiv 1509.09308

struct Params {
  out_channels: u32,
  channels: u32,
  tile: u32,
}

struct Four { v0: f32, v1: f32, v2: f32, v3: f32 }

@group(0) @binding(0) var<storage, read> weight: array<f32>;
@group(0) @binding(1) var<storage, read_write> u: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

const WORKGROUP_SIZE = 32u;

// G g
fn transform(g0: f32, g1: f32, g2: f32) -> Four {
  let ends = 0.5 * (g0 + g2);
  return Four(g0, ends + 0.5 * g1, ends - 0.5 * g1, g2);
}

fn load(o: u32, c: u32, tap: u32) -> f32 {
  let inside = o < params.out_channels;
  return select(0.0, weight[select(0u, (o * params.channels + c) * 9u + tap, inside)], inside);
}

fn store_row(row: u32, values: Four, at: u32, stride: u32) {
  let first = at + 4u * row * stride;
  u[first] = values.v0;
  u[first + stride] = values.v1;
  u[first + 2u * stride] = values.v2;
  u[first + 3u * stride] = values.v3;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  let tile = params.tile;
  let padded = (params.out_channels + tile - 1u) / tile * tile;
  if (i >= padded * params.channels) {
    return;
  }
  // In the memory order of u.
  let o = i / (tile * params.channels) * tile + i % tile;
  let c = i / tile % params.channels;
  let c0 = transform(load(o, c, 0u), load(o, c, 3u), load(o, c, 6u));
  let c1 = transform(load(o, c, 1u), load(o, c, 4u), load(o, c, 7u));
  let c2 = transform(load(o, c, 2u), load(o, c, 5u), load(o, c, 8u));
  let stride = padded * params.channels;
  store_row(0u, transform(c0.v0, c1.v0, c2.v0), i, stride);
  store_row(1u, transform(c0.v1, c1.v1, c2.v1), i, stride);
  store_row(2u, transform(c0.v2, c1.v2, c2.v2), i, stride);
  store_row(3u, transform(c0.v3, c1.v3, c2.v3), i, stride);
}
