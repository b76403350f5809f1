// The bandwidth of two streams in and one out: y = a + scale * b.
//
// a, b, y  [4 N]
//
// One invocation computes four elements. Source: J. McCalpin, STREAM

struct Params {
  scale: f32,
}

@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

const WORKGROUP_SIZE = 64u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  if (i < arrayLength(&y)) {
    y[i] = a[i] + params.scale * b[i];
  }
}
