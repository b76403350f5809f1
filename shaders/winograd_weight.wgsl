// Weights of a 3x3 convolution as Winograd's F(4x4, 3x3) takes them: u = G g G^T for each pair of channels.
//
// weight  [O, C, 3, 3]
// u       [36, ceil(O / 8), C, 8]; channels past O are 0
//
// One invocation transforms one window. The points are 0, +-sqrt(1/2), +-sqrt(2) and infinity: against f64 they leave a
// fifth of the mean square error of 0, +-1, +-2.
// Source: Lavin and Gray 2015, arXiv 1509.09308; the points: ncnn, convolution_3x3_winograd

struct Params {
  out_channels: u32,
  channels: u32,
  groups: u32, // ceil(O / 8)
}

struct Three { v0: f32, v1: f32, v2: f32 }
struct Six { v0: f32, v1: f32, v2: f32, v3: f32, v4: f32, v5: f32 }

@group(0) @binding(0) var<storage, read> weight: array<f32>;
@group(0) @binding(1) var<storage, read_write> u: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

const WORKGROUP_SIZE = 32u;
const TILE_CHANNELS = 8u;
const SQRT_2 = 1.4142135623730951;

// A column of the window.
fn load(at: u32, inside: bool) -> Three {
  return Three(select(0.0, weight[at], inside), select(0.0, weight[at + 3u], inside), select(0.0, weight[at + 6u], inside));
}

// G g
fn transform(g: Three) -> Six {
  let even_half = -(2.0 * g.v0 + g.v2) / 3.0;
  let odd_half = -SQRT_2 / 3.0 * g.v1;
  let even_two = (g.v0 + 2.0 * g.v2) / 6.0;
  let odd_two = SQRT_2 / 6.0 * g.v1;
  return Six(g.v0, even_half + odd_half, even_half - odd_half, even_two + odd_two, even_two - odd_two, g.v2);
}

fn store(row: u32, values: Six, at: u32, stride: u32) {
  let first = at + row * 6u * stride;
  u[first] = values.v0;
  u[first + stride] = values.v1;
  u[first + 2u * stride] = values.v2;
  u[first + 3u * stride] = values.v3;
  u[first + 4u * stride] = values.v4;
  u[first + 5u * stride] = values.v5;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  let stride = params.groups * params.channels * TILE_CHANNELS;
  if (i >= stride) {
    return;
  }
  let c = (i / TILE_CHANNELS) % params.channels;
  let o = i / (TILE_CHANNELS * params.channels) * TILE_CHANNELS + i % TILE_CHANNELS;
  let inside = o < params.out_channels;
  let at = select(0u, (o * params.channels + c) * 9u, inside);
  let column0 = transform(load(at, inside));
  let column1 = transform(load(at + 1u, inside));
  let column2 = transform(load(at + 2u, inside));
  store(0u, transform(Three(column0.v0, column1.v0, column2.v0)), i, stride);
  store(1u, transform(Three(column0.v1, column1.v1, column2.v1)), i, stride);
  store(2u, transform(Three(column0.v2, column1.v2, column2.v2)), i, stride);
  store(3u, transform(Three(column0.v3, column1.v3, column2.v3)), i, stride);
  store(4u, transform(Three(column0.v4, column1.v4, column2.v4)), i, stride);
  store(5u, transform(Three(column0.v5, column1.v5, column2.v5)), i, stride);
}
