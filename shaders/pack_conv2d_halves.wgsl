// Reorders convolution weights as pack_conv2d_weight does by tiles of 8 channels, and makes 16-bit floats of them.
//
// weight   [O, C, KH, KW]
// factors  [O], powers of two that bring each channel's weights into the range of 16 bits
// y        [ceil(O / 8), C * KH * KW, 4], words of two channels' weights times their factors; channels past O are 0
//
// One invocation makes one word of y.

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
const WORDS = 4u; // of a tile of 8 channels
const LEAST_NORMAL = 0x1p-14; // of 16 bits; what is less may be flushed to zero by one adapter and not by another, and is here
const LOW_BITS = 13u; // of a 32-bit float's fraction, that 16 bits have no place for

// Channel o's weight k, to the nearest of 11 significant bits, to the even one of two: how pack2x16float rounds is the adapter's choice.
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
