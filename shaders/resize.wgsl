// Resizes one axis with a triangle filter that is widened by the reduction factor: antialiased bilinear.
//
// x  [C, H, W]
// y  [C, H, W], one of H and W replaced by out_size
//
// The output at position o is a weighted mean of the inputs p with weight > 0. In units of
// 1 / (2 * max(in_size, out_size)),
//   weight(p) = 2 * max(in_size, out_size) - |(2 * p + 1) * out_size - (2 * o + 1) * in_size|
// is a whole number, so nothing is rounded until the division by the sum of all weights.
//
// A line is a row or column along the axis. One invocation computes one position of LINES neighbouring lines, which
// share their weights.
// Source: Pillow, src/libImaging/Resample.c, BILINEAR; with ROUND its 8-bit arithmetic, bit for bit.

struct Params {
  in_size: u32,
  out_size: u32,
  lines: u32,
  stride: u32, // from one element of a line to the next: 1 along rows, W along columns
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

// Whether x and y contain whole numbers 0..255; weights then have 22 fraction bits.
override ROUND = true;

const WORKGROUP_SIZE = 64u;
const LINES = 4u;

// Returns the weight in the header's formula; p must be inside the filter.
fn weightAt(p: u32, centre: u32, half_width: u32) -> u32 {
  let at = (2u * p + 1u) * params.out_size;
  return half_width - (max(at, centre) - min(at, centre));
}

// Returns exactly round(2^22 * weight / sum): the f32 guess is off by at most one, and the remainder corrects it.
fn fixedPoint(weight: u32, sum: u32) -> i32 {
  let guess = u32(f32(weight) / f32(sum) * 4194304.0 + 0.5);
  let remainder = 2 * bitcast<i32>((weight << 22u) - guess * sum);
  return i32(guess) + select(0, 1, remainder >= i32(sum)) - select(0, 1, remainder < -i32(sum));
}

fn startOf(line: u32, size: u32) -> u32 {
  return (line / params.stride) * size * params.stride + line % params.stride;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  let groups = (params.lines + LINES - 1u) / LINES;
  if (i >= groups * params.out_size) {
    return;
  }
  // Along either axis, neighbouring invocations access neighbouring memory.
  let along_x = params.stride == 1u;
  let position = select(i / groups, i % params.out_size, along_x);
  let first_line = select(i % groups, i / params.out_size, along_x) * LINES;
  let last_line = params.lines - 1u;

  let centre = (2u * position + 1u) * params.in_size;
  let half_width = 2u * max(params.in_size, params.out_size);
  let margin = half_width + params.out_size;
  let begin = select((centre - margin) / (2u * params.out_size) + 1u, 0u, centre < margin);
  let end = min((centre + margin - 1u) / (2u * params.out_size), params.in_size);
  var sum = 0u;
  for (var p = begin; p < end; p++) {
    sum += weightAt(p, centre, half_width);
  }

  let starts = vec4u(
    startOf(first_line, params.in_size),
    startOf(min(first_line + 1u, last_line), params.in_size),
    startOf(min(first_line + 2u, last_line), params.in_size),
    startOf(min(first_line + 3u, last_line), params.in_size),
  );
  var whole = vec4i(1 << 21u);
  var real = vec4f();
  for (var p = begin; p < end; p++) {
    let at = starts + p * params.stride;
    let pixels = vec4f(x[at.x], x[at.y], x[at.z], x[at.w]);
    let weight = weightAt(p, centre, half_width);
    if (ROUND) {
      whole += vec4i(pixels) * fixedPoint(weight, sum);
    } else {
      real += pixels * (f32(weight) / f32(sum));
    }
  }
  if (ROUND) {
    real = vec4f(clamp(whole >> vec4u(22u), vec4i(0), vec4i(255)));
  }
  for (var k = 0u; k < min(LINES, params.lines - first_line); k++) {
    y[startOf(first_line + k, params.out_size) + position * params.stride] = real[k];
  }
}
