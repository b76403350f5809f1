// peak_fma_vec4 with chains of two vec4f, for engines that fuse pairs of 128-bit operations into 256-bit ones.
//
// x  [8 N]
// y  [8 N], the sum of twelve chains that start near x and repeat a = a * scale + shift `rounds` times
//
// 12 * 8 * 2 operations per round.

struct Params {
  rounds: u32,
  scale: f32,
  shift: f32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let m = vec4f(params.scale);
  let s = vec4f(params.shift);
  let at = 2u * id.x;
  let left = x[at];
  let right = x[at + 1u];
  var a0 = left + 0.0; var b0 = right + 0.0;
  var a1 = left + 0.1; var b1 = right + 0.1;
  var a2 = left + 0.2; var b2 = right + 0.2;
  var a3 = left + 0.3; var b3 = right + 0.3;
  var a4 = left + 0.4; var b4 = right + 0.4;
  var a5 = left + 0.5; var b5 = right + 0.5;
  var a6 = left + 0.6; var b6 = right + 0.6;
  var a7 = left + 0.7; var b7 = right + 0.7;
  var a8 = left + 0.8; var b8 = right + 0.8;
  var a9 = left + 0.9; var b9 = right + 0.9;
  var a10 = left + 1.0; var b10 = right + 1.0;
  var a11 = left + 1.1; var b11 = right + 1.1;
  for (var i = 0u; i < params.rounds; i++) {
    a0 = a0 * m + s; b0 = b0 * m + s;
    a1 = a1 * m + s; b1 = b1 * m + s;
    a2 = a2 * m + s; b2 = b2 * m + s;
    a3 = a3 * m + s; b3 = b3 * m + s;
    a4 = a4 * m + s; b4 = b4 * m + s;
    a5 = a5 * m + s; b5 = b5 * m + s;
    a6 = a6 * m + s; b6 = b6 * m + s;
    a7 = a7 * m + s; b7 = b7 * m + s;
    a8 = a8 * m + s; b8 = b8 * m + s;
    a9 = a9 * m + s; b9 = b9 * m + s;
    a10 = a10 * m + s; b10 = b10 * m + s;
    a11 = a11 * m + s; b11 = b11 * m + s;
  }
  y[at] = ((a0 + a1) + (a2 + a3)) + ((a4 + a5) + (a6 + a7)) + ((a8 + a9) + (a10 + a11));
  y[at + 1u] = ((b0 + b1) + (b2 + b3)) + ((b4 + b5) + (b6 + b7)) + ((b8 + b9) + (b10 + b11));
}
