// Transforms an image by an affine map. The params are its inverse, which maps a pixel (column, row) of y to the
// position in x that it comes from:
//   (m_0 * (column + 1/2) + m_1 * (row + 1/2) + m_2, m_3 * (column + 1/2) + m_4 * (row + 1/2) + m_5)
//
// x  [C, H, W]
// y  [C, H, W]; `fill` where the position is outside x
//
// One invocation computes one pixel in all channels.
// Source: Pillow, src/libImaging/Geometry.c, ImagingTransformAffine, affine_fixed, ImagingScaleAffine.

struct Params {
  channels: u32,
  height: u32,
  width: u32,
  fill: f32,
  m_0: f32,
  m_1: f32,
  m_2: f32,
  m_3: f32,
  m_4: f32,
  m_5: f32,
  // The same map in units of 2^-16; fixed_2 and fixed_5 already include the half pixels.
  fixed_0: i32,
  fixed_1: i32,
  fixed_2: i32,
  fixed_3: i32,
  fixed_4: i32,
  fixed_5: i32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

override BILINEAR = false;
// Finds the nearest pixel in Pillow's 16.16 fixed point.
override FIXED_POINT = false;

const WORKGROUP_SIZE = 64u;

fn positionOf(column: u32, row: u32) -> vec2f {
  let c = f32(column) + 0.5;
  let r = f32(row) + 0.5;
  return vec2f(params.m_0 * c + params.m_1 * r + params.m_2, params.m_3 * c + params.m_4 * r + params.m_5);
}

fn fixedPositionOf(column: u32, row: u32) -> vec2i {
  let c = i32(column);
  let r = i32(row);
  let position = vec2i(
    params.fixed_0 * c + params.fixed_1 * r + params.fixed_2,
    params.fixed_3 * c + params.fixed_4 * r + params.fixed_5,
  );
  return position >> vec2u(16u);
}

fn bilinear(plane: u32, position: vec2f) -> f32 {
  let corner = floor(position - 0.5);
  let fraction = position - 0.5 - corner;
  let border = vec2i(i32(params.width), i32(params.height)) - 1;
  let first = vec2u(clamp(vec2i(corner), vec2i(0), border));
  let second = vec2u(clamp(vec2i(corner) + 1, vec2i(0), border));
  let upper = plane + first.y * params.width;
  let lower = plane + second.y * params.width;
  return mix(
    mix(x[upper + first.x], x[upper + second.x], fraction.x),
    mix(x[lower + first.x], x[lower + second.x], fraction.x),
    fraction.y,
  );
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  let area = params.height * params.width;
  if (i >= area) {
    return;
  }
  let position = positionOf(i % params.width, i / params.width);
  var nearest = vec2i(floor(position));
  if (FIXED_POINT) {
    nearest = fixedPositionOf(i % params.width, i / params.width);
  }
  let inside = all(nearest >= vec2i(0)) && nearest.x < i32(params.width) && nearest.y < i32(params.height);
  for (var channel = 0u; channel < params.channels; channel++) {
    let plane = channel * area;
    var value = params.fill;
    if (inside && BILINEAR) {
      value = bilinear(plane, position);
    } else if (inside) {
      value = x[plane + u32(nearest.y) * params.width + u32(nearest.x)];
    }
    y[plane + i] = value;
  }
}
