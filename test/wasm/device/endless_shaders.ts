const X = '@group(0) @binding(0) var<storage, read_write> x: array<f32>;';
const MAIN = '@compute @workgroup_size(64) fn main(@builtin(local_invocation_index) i: u32)';

/** Shaders that never end on a buffer of ones, each for a different reason, and one that ends. */
export const ENDLESS = {
  /** A plain loop. */
  turns: `${X} ${MAIN} { while (x[0] >= 0.0) { x[1] += 1.0; } }`,
  /** A loop with barriers. */
  barriers: `${X} var<workgroup> t: array<f32, 64>; ${MAIN} { loop { t[i] = x[0]; workgroupBarrier(); let first = workgroupUniformLoad(&t[0]); if (first < 0.0) { break; } } }`,
  /** One invocation of 64 never ends. */
  one: `${X} ${MAIN} { if (i == 63u) { while (x[0] > 0.0) { x[2] += 1.0; } } }`,
  /** Every invocation loops. */
  everyone: `${X} ${MAIN} { for (var k = 0u; k >= 0u; k++) { x[i] = f32(k); } }`,
  ends: `${X} ${MAIN} { if (i < arrayLength(&x)) { x[i] += 1.0; } }`,
} as const;
