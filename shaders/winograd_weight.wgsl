// Winograd's F(4x4, 3x3): transforms the weights of a 3x3 convolution, u = G g G^T for each pair of channels.
//
// weight  [O, C, 3, 3]
// u       [36, ceil(O / tile), C, tile]; channels at O and beyond are 0
//
// One invocation transforms the windows of 4 output channels. The points are 0, +-sqrt(1/2), +-sqrt(2) and infinity:
// their mean square error against f64 is a quarter of that of 0, +-1, +-2.
// Source: Lavin and Gray 2015, arXiv 1509.09308; the points: ncnn, convolution_3x3_winograd

struct Params {
  out_channels: u32,
  channels: u32,
  tile: u32,
}

struct Three { v0: vec4f, v1: vec4f, v2: vec4f }
struct Six { v0: vec4f, v1: vec4f, v2: vec4f, v3: vec4f, v4: vec4f, v5: vec4f }

@group(0) @binding(0) var<storage, read> weight: array<f32>;
@group(0) @binding(1) var<storage, read_write> u: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

const WORKGROUP_SIZE = 32u;
const SQRT_2 = 1.4142135623730951;

// G g
fn transform(g: Three) -> Six {
  let even_half = (2.0 * g.v0 + g.v2) * (-1.0 / 3.0);
  let odd_half = (-SQRT_2 / 3.0) * g.v1;
  let even_two = (g.v0 + 2.0 * g.v2) * (1.0 / 6.0);
  let odd_two = (SQRT_2 / 6.0) * g.v1;
  return Six(g.v0, even_half + odd_half, even_half - odd_half, even_two + odd_two, even_two - odd_two, g.v2);
}

// Loads one weight of each of four windows.
fn load(at: vec4u, tap: u32, inside: vec4<bool>) -> vec4f {
  let values = vec4f(weight[at.x + tap], weight[at.y + tap], weight[at.z + tap], weight[at.w + tap]);
  return select(vec4f(), values, inside);
}

// The places in u for the values of four channels at one point. Channels past the last block are not stored.
struct Places { at: vec4u, stride: u32, inside: vec4<bool> }

fn store(point: u32, values: vec4f, places: Places) {
  let at = places.at + point * places.stride;
  if (all(places.inside)) { // this fast path saves a quarter of the loop's time on a CPU
    u[at.x] = values.x;
    u[at.y] = values.y;
    u[at.z] = values.z;
    u[at.w] = values.w;
    return;
  }
  for (var k = 0u; k < 4u; k++) {
    if (places.inside[k]) {
      u[at[k]] = values[k];
    }
  }
}

fn store_row(row: u32, values: Six, places: Places) {
  store(6u * row, values.v0, places);
  store(6u * row + 1u, values.v1, places);
  store(6u * row + 2u, values.v2, places);
  store(6u * row + 3u, values.v3, places);
  store(6u * row + 4u, values.v4, places);
  store(6u * row + 5u, values.v5, places);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  let tile = params.tile;
  let padded = (params.out_channels + tile - 1u) / tile * tile;
  if (i >= (padded + 3u) / 4u * params.channels) {
    return;
  }
  let c = i % params.channels;
  let o = i / params.channels * 4u + vec4u(0u, 1u, 2u, 3u);
  let inside = o < vec4u(params.out_channels);
  let at = select(vec4u(), (o * params.channels + c) * 9u, inside);
  let c0 = transform(Three(load(at, 0u, inside), load(at, 3u, inside), load(at, 6u, inside)));
  let c1 = transform(Three(load(at, 1u, inside), load(at, 4u, inside), load(at, 7u, inside)));
  let c2 = transform(Three(load(at, 2u, inside), load(at, 5u, inside), load(at, 8u, inside)));
  let places = Places((o / tile * params.channels + c) * tile + o % tile, padded * params.channels, o < vec4u(padded));
  store_row(0u, transform(Three(c0.v0, c1.v0, c2.v0)), places);
  store_row(1u, transform(Three(c0.v1, c1.v1, c2.v1)), places);
  store_row(2u, transform(Three(c0.v2, c1.v2, c2.v2)), places);
  store_row(3u, transform(Three(c0.v3, c1.v3, c2.v3)), places);
  store_row(4u, transform(Three(c0.v4, c1.v4, c2.v4)), places);
  store_row(5u, transform(Three(c0.v5, c1.v5, c2.v5)), places);
}
