// conv2d_gemm on a GPU's matrix hardware: products of 16-bit floats, summed in 32 bits.
//
// x         [N, C, H, W]
// weight    [ceil(O / 8), C * KH * KW, 4], words of two 16-bit floats, packed by pack_conv2d_halves
// scale     [O], shift [O], residual [N, O, OH, OW]; each is optional
// y         [N, O, OH, OW] = relu?(scale * conv(x) + shift + residual), or with SLICES > 1
//           [SLICES, N, O, OH, OW], the sums of each slice of the products, without the epilogue
//
// A workgroup has at least four subgroups and computes 64 channels of 64 pixels. Pixels are counted over the whole
// batch. Each of the first four subgroups computes a quarter of 32 x 32, in matrices of ROWS x COLUMNS. Pixels are
// rounded to 16 bits when they are written to workgroup memory. Invocations fetch the tiles of the next step into
// registers while the matrix hardware multiplies the current ones: one barrier per step.
//
// ROWS, COLUMNS and DEPTH depend on the adapter. WGSL does not allow overrides here, so the descriptor replaces these
// constants in the text.

enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;

const ROWS = 8u;
const COLUMNS = 8u;
const DEPTH = 8u;

alias Left = subgroup_matrix_left<f16, DEPTH, ROWS>;
alias Right = subgroup_matrix_right<f16, COLUMNS, DEPTH>;
alias Sums = subgroup_matrix_result<f32, COLUMNS, ROWS>;

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
override KERNEL_HEIGHT: u32 = 1u;
override KERNEL_WIDTH: u32 = 1u;
override SLICES: u32 = 1u;
override INVOCATIONS: u32 = 128u; // four subgroups of the largest size: 32 to 256

const TILE = 64u; // channels, and also pixels
const QUARTER = 32u;
const STEP = 16u; // products of a sum per step
const PACKED = 8u; // channels in a block of packed weights
const TILE_GROUPS = TILE / PACKED;
const MATRICES_DOWN = QUARTER / ROWS;
const MATRICES_ACROSS = QUARTER / COLUMNS;
const MOST_WEIGHTS_EACH = 4u; // reached with 32 invocations
const MOST_PIXELS_EACH = 32u;

override WEIGHTS_EACH: u32 = (TILE_GROUPS * STEP + INVOCATIONS - 1u) / INVOCATIONS;
override PIXELS_EACH: u32 = TILE * STEP / INVOCATIONS;

// Both are indexed by product, then by channel or pixel, and have room for two steps.
var<workgroup> weights: array<f16, 2u * STEP * TILE>;
var<workgroup> pixels: array<f16, 2u * STEP * TILE>;
// One finished matrix of each quarter, before it is stored.
var<workgroup> finished: array<f32, 4u * ROWS * COLUMNS>;

// The place from which an invocation fetches its pixel.
struct Source {
  image: u32, // the first element of the pixel's image
  row: i32, // of the pixel's window
  column: i32,
  in_range: bool,
}

fn source_of(pixel: u32) -> Source {
  let plane = params.out_height * params.out_width;
  let image = pixel / plane;
  let inside = pixel - image * plane;
  let out_row = inside / params.out_width;
  var source: Source;
  source.image = image * params.channels * params.height * params.width;
  source.row = i32(out_row * params.stride) - i32(params.padding);
  source.column = i32((inside - out_row * params.out_width) * params.stride) - i32(params.padding);
  source.in_range = pixel < params.batch * plane;
  return source;
}

fn fetch_pixel(depth: u32, end: u32, source: Source) -> f32 {
  if (!source.in_range || depth >= end) {
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

// Returns the weights of eight channels for one product.
fn fetch_weights(group: u32, depth: u32, end: u32, total: u32) -> vec4u {
  if (depth >= end || group >= (params.out_channels + PACKED - 1u) / PACKED) {
    return vec4u();
  }
  return weight[group * total + depth];
}

fn keep_weights(words: vec4u, at: u32) {
  for (var i = 0u; i < 4u; i++) {
    let two = bitcast<vec2<f16>>(words[i]);
    weights[at + 2u * i] = two.x;
    weights[at + 2u * i + 1u] = two.y;
  }
}

// Writes one channel of one pixel.
fn store(sum: f32, o: u32, pixel: u32, slice: u32) {
  let plane = params.out_height * params.out_width;
  if (o >= params.out_channels || pixel >= params.batch * plane) {
    return;
  }
  let image = pixel / plane;
  let at = ((slice * params.batch + image) * params.out_channels + o) * plane + pixel - image * plane;
  var value = sum;
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

@compute @workgroup_size(INVOCATIONS)
fn main(
  @builtin(local_invocation_index) invocation: u32,
  @builtin(workgroup_id) tile: vec3u,
  @builtin(subgroup_id) quarter: u32,
) {
  let total = params.channels * KERNEL_HEIGHT * KERNEL_WIDTH;
  // Each slice has a whole number of steps.
  let depth_each = ((total + SLICES * STEP - 1u) / (SLICES * STEP)) * STEP;
  let start = tile.z * depth_each;
  let end = min(start + depth_each, total);
  let quarter_channel = quarter / 2u * QUARTER;
  let quarter_pixel = quarter % 2u * QUARTER;
  // With 64 or more invocations, each fetches one pixel at different depths; with 32, each fetches two pixels.
  let fetched = invocation % TILE;
  let source = source_of(tile.x * TILE + fetched);
  let other = source_of(tile.x * TILE + (fetched + QUARTER) % TILE);

  var sums: array<Sums, MATRICES_DOWN * MATRICES_ACROSS>;
  var next_weights: array<vec4u, MOST_WEIGHTS_EACH>;
  var next_pixels: array<f32, MOST_PIXELS_EACH>;
  var half = 0u;
  // Fetching runs one step ahead of multiplying: the first step only fetches, the last step only multiplies.
  for (var depth = start; depth < end + STEP; depth += STEP) {
    if (depth < end) {
      for (var i = 0u; i < WEIGHTS_EACH; i++) {
        let e = invocation + i * INVOCATIONS; // (group, product), in memory order
        next_weights[i] = fetch_weights(tile.y * TILE_GROUPS + e / STEP, depth + e % STEP, end, total);
      }
      for (var i = 0u; i < PIXELS_EACH; i++) {
        let e = invocation + i * INVOCATIONS;
        if (INVOCATIONS < TILE && i % 2u == 1u) {
          next_pixels[i] = fetch_pixel(depth + e / TILE, end, other);
        } else {
          next_pixels[i] = fetch_pixel(depth + e / TILE, end, source);
        }
      }
    }
    if (depth > start && quarter < 4u) {
      for (var k = 0u; k < STEP; k += DEPTH) {
        let row = (half * STEP + k) * TILE;
        var right: array<Right, MATRICES_ACROSS>;
        for (var j = 0u; j < MATRICES_ACROSS; j++) {
          right[j] = subgroupMatrixLoad<Right, row_major>(&pixels, row + quarter_pixel + j * COLUMNS, TILE);
        }
        for (var i = 0u; i < MATRICES_DOWN; i++) {
          let left = subgroupMatrixLoad<Left, col_major>(&weights, row + quarter_channel + i * ROWS, TILE);
          for (var j = 0u; j < MATRICES_ACROSS; j++) {
            let at = i * MATRICES_ACROSS + j;
            sums[at] = subgroupMatrixMultiplyAccumulate(left, right[j], sums[at]);
          }
        }
      }
    }
    if (depth > start) {
      half = 1u - half;
    }
    if (depth < end) {
      for (var i = 0u; i < WEIGHTS_EACH; i++) {
        let e = invocation + i * INVOCATIONS;
        if (e < TILE_GROUPS * STEP) {
          keep_weights(next_weights[i], (half * STEP + e % STEP) * TILE + e / STEP * PACKED);
        }
      }
      for (var i = 0u; i < PIXELS_EACH; i++) {
        pixels[half * STEP * TILE + invocation + i * INVOCATIONS] = f16(next_pixels[i]);
      }
    }
    workgroupBarrier();
  }

  for (var i = 0u; i < MATRICES_DOWN; i++) {
    for (var j = 0u; j < MATRICES_ACROSS; j++) {
      if (quarter < 4u) {
        subgroupMatrixStore<row_major>(&finished, quarter * ROWS * COLUMNS, sums[i * MATRICES_ACROSS + j], COLUMNS);
      }
      workgroupBarrier();
      for (var e = invocation; e < 4u * ROWS * COLUMNS; e += INVOCATIONS) {
        let source_quarter = e / (ROWS * COLUMNS);
        let channel = tile.y * TILE + source_quarter / 2u * QUARTER + i * ROWS + e / COLUMNS % ROWS;
        let pixel = tile.x * TILE + source_quarter % 2u * QUARTER + j * COLUMNS + e % COLUMNS;
        store(finished[e], channel, pixel, tile.z);
      }
      workgroupBarrier();
    }
  }
}
