// 2-D convolution with any window, as a matrix product for GPUs: tiles of both matrices are in workgroup memory.
//
// x         [N, C, H, W]
// weight    [ceil(O / 8), C * KH * KW, 8], packed by pack_conv2d_weight; with HALF_WEIGHTS
//           [ceil(O / 8), C * KH * KW, 4], words of two 16-bit floats, packed by pack_conv2d_halves
// scale     [O], shift [O], residual [N, O, OH, OW]; each is optional
// y         [N, O, OH, OW] = relu?(scale * conv(x) + shift + residual), or with SLICES > 1
//           [SLICES, N, O, OH, OW], the sums of each slice of the products, without the epilogue
//
// A workgroup computes 8 * ROWS channels of 8 * PIXELS pixels. Pixels are counted over the whole batch, so that small
// planes fill the workgroup's tile. One invocation computes 8 channels of PIXELS = 4 or 8 pixels. It fetches the next
// tiles into registers while it multiplies the current ones, then writes them to the other half of workgroup memory:
// one barrier per step.

struct Params {
  batch: u32,
  channels: u32,
  height: u32,
  width: u32,
  out_channels: u32,
  out_height: u32,
  out_width: u32,
  stride: u32,
  padding: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<vec4u>;
@group(0) @binding(2) var<storage, read> scale: array<f32>;
@group(0) @binding(3) var<storage, read> shift: array<f32>;
@group(0) @binding(4) var<storage, read> residual: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

override HAS_SCALE: bool = false;
override HAS_SHIFT: bool = false;
override HAS_RESIDUAL: bool = false;
override RELU: bool = false;
override HALF_WEIGHTS: bool = false;
override KERNEL_HEIGHT: u32 = 1u;
override KERNEL_WIDTH: u32 = 1u;
// Invocations of a workgroup along the channels: 4, 8 or 16, and a multiple of PIXELS.
override ROWS: u32 = 8u;
override PIXELS: u32 = 8u;
override SLICES: u32 = 1u;

const COLUMNS = 8u;
// Products per step. A sum has channels * taps products.
const DEPTH = 8u;
const WEIGHTS_EACH = 2u; // vec4f per invocation and step: DEPTH * 8 * ROWS / 4 vec4f by ROWS * COLUMNS invocations
const MOST_PIXELS_EACH = 8u;

override INVOCATIONS: u32 = ROWS * COLUMNS;
override TILE_WEIGHTS: u32 = DEPTH * ROWS * 2u; // vec4f
override TILE_PIXELS: u32 = COLUMNS * PIXELS;
override PIXELS_EACH: u32 = DEPTH * PIXELS / ROWS;

var<workgroup> weights: array<vec4f, 2u * TILE_WEIGHTS>;
var<workgroup> pixels: array<vec4f, 2u * DEPTH * TILE_PIXELS / 4u>;

// The place from which an invocation fetches.
struct Source {
  image: u32, // the first element of the pixel's image
  row: i32, // of the pixel's window
  column: i32,
  in_range: bool,
  group: u32, // the block of 8 output channels
  end: u32, // the end of the slice's products
}

fn fetch_weight(depth: u32, half: u32, source: Source, total: u32) -> vec4f {
  let groups = (params.out_channels + 7u) / 8u;
  if (depth >= source.end || source.group >= groups) {
    return vec4f();
  }
  let at = source.group * total + depth;
  if (HALF_WEIGHTS) {
    let eight = weight[at];
    let words = select(eight.xy, eight.zw, half == 1u);
    return vec4f(unpack2x16float(words.x), unpack2x16float(words.y));
  }
  return bitcast<vec4f>(weight[at * 2u + half]);
}

fn fetch_pixel(depth: u32, source: Source) -> f32 {
  if (!source.in_range || depth >= source.end) {
    return 0.0;
  }
  let taps = KERNEL_HEIGHT * KERNEL_WIDTH;
  let channel = depth / taps;
  let tap = depth - channel * taps;
  let tap_row = tap / KERNEL_WIDTH;
  let row = source.row + i32(tap_row);
  let column = source.column + i32(tap - tap_row * KERNEL_WIDTH);
  if (row < 0 || column < 0 || row >= i32(params.height) || column >= i32(params.width)) {
    return 0.0;
  }
  return x[source.image + (channel * params.height + u32(row)) * params.width + u32(column)];
}

// Writes four channels of one pixel.
fn store(sums: vec4f, channel: u32, pixel: u32, slice: u32) {
  let plane = params.out_height * params.out_width;
  if (pixel >= params.batch * plane) {
    return;
  }
  let image = pixel / plane;
  let inside = pixel - image * plane;
  for (var c = 0u; c < 4u; c++) {
    let o = channel + c;
    if (o >= params.out_channels) {
      return;
    }
    let at = ((slice * params.batch + image) * params.out_channels + o) * plane + inside;
    var value = sums[c];
    if (HAS_SCALE) {
      value *= scale[o];
    }
    if (HAS_SHIFT) {
      value += shift[o];
    }
    if (HAS_RESIDUAL) {
      value += residual[at];
    }
    // `NaN < 0` is false, so a NaN stays visible.
    y[at] = select(value, 0.0, RELU && value < 0.0);
  }
}

@compute @workgroup_size(INVOCATIONS)
fn main(@builtin(local_invocation_index) invocation: u32, @builtin(workgroup_id) tile: vec3u) {
  let column = invocation % COLUMNS;
  let row = invocation / COLUMNS;
  let plane = params.out_height * params.out_width;
  let total = params.channels * KERNEL_HEIGHT * KERNEL_WIDTH;
  // Each slice has a whole number of steps.
  let depth_each = ((total + SLICES * DEPTH - 1u) / (SLICES * DEPTH)) * DEPTH;
  let start = tile.z * depth_each;
  let end = min(start + depth_each, total);

  // An invocation always fetches the same pixel, at different depths.
  let fetched = invocation % TILE_PIXELS;
  let fetched_depth = invocation / TILE_PIXELS;
  let pixel = tile.x * TILE_PIXELS + fetched;
  let image = pixel / plane;
  let inside = pixel - image * plane;
  let out_row = inside / params.out_width;
  var source: Source;
  source.image = image * params.channels * params.height * params.width;
  source.row = i32(out_row * params.stride) - i32(params.padding);
  source.column = i32((inside - out_row * params.out_width) * params.stride) - i32(params.padding);
  source.in_range = pixel < params.batch * plane;
  source.end = end;

  var a0 = vec4f(); var b0 = vec4f();
  var a1 = vec4f(); var b1 = vec4f();
  var a2 = vec4f(); var b2 = vec4f();
  var a3 = vec4f(); var b3 = vec4f();
  var a4 = vec4f(); var b4 = vec4f();
  var a5 = vec4f(); var b5 = vec4f();
  var a6 = vec4f(); var b6 = vec4f();
  var a7 = vec4f(); var b7 = vec4f();

  var next_weights: array<vec4f, WEIGHTS_EACH>;
  var next_pixels: array<f32, MOST_PIXELS_EACH>;
  var half = 0u;
  // Fetching runs one step ahead of multiplying: the first step only fetches, the last step only multiplies.
  for (var depth = start; depth < end + DEPTH; depth += DEPTH) {
    if (depth < end) {
      for (var i = 0u; i < WEIGHTS_EACH; i++) {
        let e = invocation + i * INVOCATIONS; // (group, depth, half), in memory order
        source.group = tile.y * ROWS + e / (2u * DEPTH);
        next_weights[i] = fetch_weight(depth + e / 2u % DEPTH, e % 2u, source, total);
      }
      for (var i = 0u; i < PIXELS_EACH; i++) {
        next_pixels[i] = fetch_pixel(depth + fetched_depth + i * (INVOCATIONS / TILE_PIXELS), source);
      }
    }
    if (depth > start) {
      let weights_at = half * TILE_WEIGHTS + row * 2u;
      let pixels_at = half * DEPTH * TILE_PIXELS / 4u + column;
      for (var d = 0u; d < DEPTH; d++) {
        let low = weights[weights_at + d * ROWS * 2u];
        let high = weights[weights_at + d * ROWS * 2u + 1u];
        let first = pixels[pixels_at + d * TILE_PIXELS / 4u];
        a0 += low * first.x; b0 += high * first.x;
        a1 += low * first.y; b1 += high * first.y;
        a2 += low * first.z; b2 += high * first.z;
        a3 += low * first.w; b3 += high * first.w;
        if (PIXELS > 4u) {
          let second = pixels[pixels_at + d * TILE_PIXELS / 4u + COLUMNS];
          a4 += low * second.x; b4 += high * second.x;
          a5 += low * second.y; b5 += high * second.y;
          a6 += low * second.z; b6 += high * second.z;
          a7 += low * second.w; b7 += high * second.w;
        }
      }
      half = 1u - half;
    }
    if (depth < end) {
      for (var i = 0u; i < WEIGHTS_EACH; i++) {
        let e = invocation + i * INVOCATIONS;
        weights[half * TILE_WEIGHTS + e / 2u % DEPTH * ROWS * 2u + e / (2u * DEPTH) * 2u + e % 2u] = next_weights[i];
      }
      for (var i = 0u; i < PIXELS_EACH; i++) {
        let d = fetched_depth + i * (INVOCATIONS / TILE_PIXELS);
        pixels[(half * DEPTH + d) * TILE_PIXELS / 4u + fetched / 4u][fetched % 4u] = next_pixels[i];
      }
    }
    workgroupBarrier();
  }

  let channel = (tile.y * ROWS + row) * 8u;
  let to = tile.x * TILE_PIXELS + column * 4u;
  store(a0, channel, to, tile.z); store(b0, channel + 4u, to, tile.z);
  store(a1, channel, to + 1u, tile.z); store(b1, channel + 4u, to + 1u, tile.z);
  store(a2, channel, to + 2u, tile.z); store(b2, channel + 4u, to + 2u, tile.z);
  store(a3, channel, to + 3u, tile.z); store(b3, channel + 4u, to + 3u, tile.z);
  if (PIXELS > 4u) {
    let second = to + COLUMNS * 4u;
    store(a4, channel, second, tile.z); store(b4, channel + 4u, second, tile.z);
    store(a5, channel, second + 1u, tile.z); store(b5, channel + 4u, second + 1u, tile.z);
    store(a6, channel, second + 2u, tile.z); store(b6, channel + 4u, second + 2u, tile.z);
    store(a7, channel, second + 3u, tile.z); store(b7, channel + 4u, second + 3u, tile.z);
  }
}
