// Zeros around every plane.
//
// x  [N, C, H, W]
// y  [N, C, H + 2 * padding, W + 2 * padding]
//
// One invocation writes one element of y.
// Source: torch.nn.ZeroPad2d.

struct Params {
  planes: u32, // N * C
  height: u32,
  width: u32,
  padding: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

const WORKGROUP_SIZE = 64u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  let out_width = params.width + 2u * params.padding;
  let out_height = params.height + 2u * params.padding;
  if (i >= params.planes * out_height * out_width) {
    return;
  }
  let line = i / out_width;
  let plane = line / out_height;
  // Above and left of x both wrap to large numbers.
  let row = line - plane * out_height - params.padding;
  let column = i - line * out_width - params.padding;
  let inside = row < params.height && column < params.width;
  y[i] = select(0.0, x[select(0u, (plane * params.height + row) * params.width + column, inside)], inside);
}
