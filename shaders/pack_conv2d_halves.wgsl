// Packs convolution weights in blocks of 8 channels, as pack_conv2d_weight does, and converts them to 16-bit floats.
//
// weight   [O, C, KH, KW]
// factors  [O], powers of two that scale each channel's weights into the range of 16-bit floats
// y        [ceil(O / 8), C * KH * KW, 4], words of two channels' weights times their factors; channels at O and
//          beyond are 0
//
// One invocation writes one word of y.

struct Params {
  out_channels: u32,
  depth: u32, // C * KH * KW
  size: u32, // words of y
}

@group(0) @binding(0) var<storage, read> weight: array<f32>;
@group(0) @binding(1) var<storage, read> factors: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;
@group(0) @binding(3) var<uniform> params: Params;

const WORKGROUP_SIZE = 64u;
const WORDS = 4u; // in a block of 8 channels
// The smallest normal 16-bit float. Only some adapters flush smaller values to zero, so this kernel always does.
const LEAST_NORMAL = 0x1p-14;
const LOW_BITS = 13u; // bits of a 32-bit float's fraction that a 16-bit float lacks

// Returns weight k of channel o, rounded to 11 significant bits, to nearest even: how pack2x16float rounds depends on
// the adapter.
fn rounded(o: u32, k: u32) -> f32 {
  if (o >= params.out_channels) {
    return 0.0;
  }
  let value = weight[o * params.depth + k] * factors[o];
  if (abs(value) < LEAST_NORMAL) {
    return 0.0;
  }
  let bits = bitcast<u32>(value);
  let odd = (bits >> LOW_BITS) & 1u;
  return bitcast<f32>((bits + (1u << (LOW_BITS - 1u)) - 1u + odd) & ~((1u << LOW_BITS) - 1u));
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;
  if (i >= params.size) {
    return;
  }
  let k = i / WORDS % params.depth;
  let o = i / (WORDS * params.depth) * 2u * WORDS + i % WORDS * 2u;
  y[i] = pack2x16float(vec2f(rounded(o, k), rounded(o + 1u, k)));
}
