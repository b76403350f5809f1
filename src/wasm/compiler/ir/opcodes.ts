/** The WebAssembly value types that this compiler uses. */
export type Kind = 'i32' | 'i64' | 'f32' | 'v128';

export interface Opcode {
  /** The prefix byte, or 0 for a single-byte opcode. */
  readonly prefix: number;
  readonly code: number;
  readonly kind: Kind;
}

const opcodes = new Map<string, Opcode>();

/** Registers consecutive opcodes under their names; `.` skips one. */
function define(type: string, prefix: number, first: number, names: string, kind: Kind = type as Kind): void {
  for (const [i, name] of names.split(' ').entries())
    if (name !== '.') opcodes.set(`${type}.${name}`, { prefix, code: first + i, kind });
}

const INTEGER_COMPARISONS = 'eqz eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u';
const INTEGER_OPERATIONS = 'clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr';
const VECTOR_COMPARISONS = 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u';
const LANES = 'v128';

define('i32', 0, 0x28, 'load');
define('f32', 0, 0x2a, 'load');
define('i32', 0, 0x36, 'store');
define('f32', 0, 0x38, 'store');
define('i32', 0, 0x45, INTEGER_COMPARISONS);
define('i64', 0, 0x50, INTEGER_COMPARISONS, 'i32');
define('f32', 0, 0x5b, 'eq ne lt gt le ge', 'i32');
define('i32', 0, 0x67, INTEGER_OPERATIONS);
define('i64', 0, 0x79, INTEGER_OPERATIONS);
define('f32', 0, 0x8b, 'abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign');
define('i32', 0, 0xa7, 'wrap_i64');
define('i64', 0, 0xac, 'extend_i32_s extend_i32_u');
define('f32', 0, 0xb2, 'convert_i32_s convert_i32_u');
define('i32', 0, 0xbc, 'reinterpret_f32');
define('f32', 0, 0xbe, 'reinterpret_i32');
define('i32', 0xfc, 0, 'trunc_sat_f32_s trunc_sat_f32_u');
define('i32', 0xfe, 0x10, 'atomic.load');
define('i32', 0xfe, 0x17, 'atomic.store');
for (const [i, name] of ['add', 'sub', 'and', 'or', 'xor', 'xchg', 'cmpxchg'].entries())
  define('i32', 0xfe, 0x1e + 7 * i, `atomic.rmw.${name}`);
define('v128', 0xfd, 0, 'load');
define('v128', 0xfd, 9, 'load32_splat load64_splat store');
define('i8x16', 0xfd, 13, 'shuffle swizzle', LANES);
define('i8x16', 0xfd, 15, 'splat', LANES);
define('i32x4', 0xfd, 17, 'splat', LANES);
define('f32x4', 0xfd, 19, 'splat', LANES);
define('i32x4', 0xfd, 27, 'extract_lane', 'i32');
define('i32x4', 0xfd, 28, 'replace_lane', LANES);
define('f32x4', 0xfd, 31, 'extract_lane', 'f32');
define('f32x4', 0xfd, 32, 'replace_lane', LANES);
define('i32x4', 0xfd, 55, VECTOR_COMPARISONS, LANES);
define('f32x4', 0xfd, 65, 'eq ne lt gt le ge', LANES);
define('v128', 0xfd, 77, 'not and andnot or xor bitselect');
define('v128', 0xfd, 83, 'any_true', 'i32');
define('v128', 0xfd, 86, 'load32_lane');
define('v128', 0xfd, 90, 'store32_lane store64_lane load32_zero load64_zero');
define('i8x16', 0xfd, 98, 'popcnt', LANES);
define('f32x4', 0xfd, 103, 'ceil floor trunc nearest', LANES);
define('i16x8', 0xfd, 124, 'extadd_pairwise_i8x16_s extadd_pairwise_i8x16_u', LANES);
define('i32x4', 0xfd, 126, 'extadd_pairwise_i16x8_s extadd_pairwise_i16x8_u', LANES);
define('i32x4', 0xfd, 160, 'abs neg', LANES);
define('i32x4', 0xfd, 163, 'all_true bitmask', 'i32');
define('i32x4', 0xfd, 171, 'shl shr_s shr_u add . . sub . . . mul min_s min_u max_s max_u', LANES);
define('f32x4', 0xfd, 224, 'abs neg . sqrt add sub mul div min max pmin pmax', LANES);
define('i32x4', 0xfd, 248, 'trunc_sat_f32x4_s trunc_sat_f32x4_u', LANES);
define('f32x4', 0xfd, 250, 'convert_i32x4_s convert_i32x4_u', LANES);
define('f32x4', 0xfd, 0x105, 'relaxed_madd relaxed_nmadd', LANES);

export function opcodeOf(name: string): Opcode {
  const opcode = opcodes.get(name);
  if (!opcode) throw new Error(`unknown WebAssembly operation "${name}"`);
  return opcode;
}
