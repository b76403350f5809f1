// Resizes one axis by a triangle filter, widened by the factor of reduction: antialiased bilinear.
//
// x  [C, H, W]
// y  [C, H, W], one of H and W replaced by out_size
//
// An output at position o draws on the inputs p with weight > 0, where in units of 1 / (2 * max(in_size, out_size))
//   weight(p) = 2 * max(in_size, out_size) - |(2 * p + 1) * out_size - (2 * o + 1) * in_size|
// is a whole number: no rounding until it is divided by the sum of all weights.
//
// A line is what lies along the axis. One invocation computes one position of LINES neighbouring lines, which share weights.
// Source: Pillow, src/libImaging/Resample.c, BILINEAR; with ROUND its 8-bit arithmetic, bit for bit.

struct Params {
  in_size: u32,
  out_size: u32,
  lines: u32,
  stride: u32, // from one element of a line to the next: 1 along x, W along y
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

// Whether x and y hold whole numbers 0..255, with 22 bits of weight in between.
override ROUND = true;

const WORKGROUP_SIZE = 64u;
const LINES = 4u;

// See above; the position lies inside the filter.
fn weightAt(p: u32, centre: u32, half_width: u32) -> u32 {
  let at = (2u * p + 1u) * params.out_size;
  return half_width - (max(at, centre) - min(at, centre));
}

// round(2^22 * weight / sum), exactly: f32 comes within one of it, and the remainder tells which way.
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
  // Neighbouring invocations touch neighbouring memory, whichever the axis.
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
