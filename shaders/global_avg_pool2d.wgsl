// The mean of every plane.
//
// x  [N, C, H, W]
// y  [N, C]
//
// One invocation computes one element of y. It sums each row, then the row sums, so that the rounding error grows with
// H + W instead of H * W.
// Source: torch.nn.AdaptiveAvgPool2d(1), then flatten.

struct Params {
  planes: u32, // N * C
  height: u32,
  width: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

const WORKGROUP_SIZE = 64u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let plane = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  if (plane >= params.planes) {
    return;
  }
  var total = 0.0;
  for (var row = 0u; row < params.height; row++) {
    let start = (plane * params.height + row) * params.width;
    var sum = 0.0;
    for (var column = 0u; column < params.width; column++) {
      sum += x[start + column];
    }
    total += sum;
  }
  y[plane] = total / f32(params.height * params.width);
}
