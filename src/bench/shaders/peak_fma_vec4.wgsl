// The multiply-add peak: twelve independent chains of vec4f per invocation, without memory access in the loop.
//
// x  [4 N]
// y  [4 N], the sum of twelve chains that start near x and repeat a = a * scale + shift `rounds` times
//
// 12 * 4 * 2 operations per round. The chains converge to 1, so that no number grows or vanishes.

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
  let b = vec4f(params.shift);
  let start = x[id.x];
  var a0 = start;
  var a1 = start + 0.1;
  var a2 = start + 0.2;
  var a3 = start + 0.3;
  var a4 = start + 0.4;
  var a5 = start + 0.5;
  var a6 = start + 0.6;
  var a7 = start + 0.7;
  var a8 = start + 0.8;
  var a9 = start + 0.9;
  var a10 = start + 1.0;
  var a11 = start + 1.1;
  for (var i = 0u; i < params.rounds; i++) {
    a0 = a0 * m + b;
    a1 = a1 * m + b;
    a2 = a2 * m + b;
    a3 = a3 * m + b;
    a4 = a4 * m + b;
    a5 = a5 * m + b;
    a6 = a6 * m + b;
    a7 = a7 * m + b;
    a8 = a8 * m + b;
    a9 = a9 * m + b;
    a10 = a10 * m + b;
    a11 = a11 * m + b;
  }
  y[id.x] = ((a0 + a1) + (a2 + a3)) + ((a4 + a5) + (a6 + a7)) + ((a8 + a9) + (a10 + a11));
}
