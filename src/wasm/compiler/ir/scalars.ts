/** WebAssembly's scalar operations as JavaScript functions, for constant folding. Values of i32 are signed. */
export const scalarOperations: Readonly<Record<string, (a: number, b: number) => number>> = {
  'i32.eqz': a => Number(a === 0),
  'i32.eq': (a, b) => Number(a === b),
  'i32.ne': (a, b) => Number(a !== b),
  'i32.lt_s': (a, b) => Number(a < b),
  'i32.lt_u': (a, b) => Number(a >>> 0 < b >>> 0),
  'i32.gt_s': (a, b) => Number(a > b),
  'i32.gt_u': (a, b) => Number(a >>> 0 > b >>> 0),
  'i32.le_s': (a, b) => Number(a <= b),
  'i32.le_u': (a, b) => Number(a >>> 0 <= b >>> 0),
  'i32.ge_s': (a, b) => Number(a >= b),
  'i32.ge_u': (a, b) => Number(a >>> 0 >= b >>> 0),
  'i32.clz': a => Math.clz32(a),
  'i32.ctz': a => (a === 0 ? 32 : 31 - Math.clz32(a & -a)),
  'i32.popcnt': a => popcount(a),
  'i32.add': (a, b) => (a + b) | 0,
  'i32.sub': (a, b) => (a - b) | 0,
  'i32.mul': (a, b) => Math.imul(a, b),
  'i32.div_s': (a, b) => (a / b) | 0,
  'i32.div_u': (a, b) => ((a >>> 0) / (b >>> 0)) | 0,
  'i32.rem_s': (a, b) => (a % b) | 0,
  'i32.rem_u': (a, b) => ((a >>> 0) % (b >>> 0)) | 0,
  'i32.and': (a, b) => a & b,
  'i32.or': (a, b) => a | b,
  'i32.xor': (a, b) => a ^ b,
  'i32.shl': (a, b) => a << b,
  'i32.shr_s': (a, b) => a >> b,
  'i32.shr_u': (a, b) => (a >>> b) | 0,
  'f32.eq': (a, b) => Number(a === b),
  'f32.ne': (a, b) => Number(a !== b),
  'f32.lt': (a, b) => Number(a < b),
  'f32.gt': (a, b) => Number(a > b),
  'f32.le': (a, b) => Number(a <= b),
  'f32.ge': (a, b) => Number(a >= b),
  'f32.abs': a => Math.abs(a),
  'f32.neg': a => -a,
  'f32.ceil': a => Math.ceil(a),
  'f32.floor': a => Math.floor(a),
  'f32.trunc': a => Math.trunc(a),
  'f32.nearest': a => nearest(a),
  'f32.sqrt': a => Math.fround(Math.sqrt(a)),
  'f32.add': (a, b) => Math.fround(a + b),
  'f32.sub': (a, b) => Math.fround(a - b),
  'f32.mul': (a, b) => Math.fround(a * b),
  'f32.div': (a, b) => Math.fround(a / b),
  'f32.pmin': (a, b) => (b < a ? b : a),
  'f32.pmax': (a, b) => (a < b ? b : a),
  'f32.convert_i32_s': a => Math.fround(a),
  'f32.convert_i32_u': a => Math.fround(a >>> 0),
  'i32.trunc_sat_f32_s': a => Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(a))) | 0,
  'i32.trunc_sat_f32_u': a => Math.max(0, Math.min(2 ** 32 - 1, Math.trunc(a))) | 0,
  'i32.reinterpret_f32': a => bitsOf(a),
  'f32.reinterpret_i32': a => floatOf(a),
  'i32.abs': a => Math.abs(a) | 0,
  'i32.neg': a => -a | 0,
  'i32.min_s': (a, b) => Math.min(a, b),
  'i32.max_s': (a, b) => Math.max(a, b),
  'i32.min_u': (a, b) => Math.min(a >>> 0, b >>> 0) | 0,
  'i32.max_u': (a, b) => Math.max(a >>> 0, b >>> 0) | 0,
};

/** Vector operations whose scalar counterpart has a different name. */
export const laneOperations: Readonly<Record<string, string>> = {
  'i32x4.trunc_sat_f32x4_s': 'i32.trunc_sat_f32_s',
  'i32x4.trunc_sat_f32x4_u': 'i32.trunc_sat_f32_u',
  'f32x4.convert_i32x4_s': 'f32.convert_i32_s',
  'f32x4.convert_i32x4_u': 'f32.convert_i32_u',
  'v128.and': 'i32.and',
  'v128.or': 'i32.or',
  'v128.xor': 'i32.xor',
};

const scratch = new DataView(new ArrayBuffer(4));

export function bitsOf(value: number): number {
  scratch.setFloat32(0, value);
  return scratch.getInt32(0);
}

export function floatOf(bits: number): number {
  scratch.setInt32(0, bits);
  return scratch.getFloat32(0);
}

function popcount(value: number): number {
  let count = 0;
  for (let rest = value; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** Rounds to the nearest integer, ties to even. */
function nearest(value: number): number {
  if (!Number.isFinite(value) || Math.abs(value) >= 2 ** 23) return value;
  const rounded = Math.abs(value) + 2 ** 52 - 2 ** 52;
  return value < 0 || Object.is(value, -0) ? -rounded : rounded;
}
