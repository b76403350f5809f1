import { describe, expect, it } from 'vitest';
import { run } from './harness.ts';

/** Evaluates a WGSL expression of x and y for each element, both as scalars and as vectors. */
function evaluate(expression: string, xs: readonly number[], ys: readonly number[] = xs): Float32Array[] {
  const outputs = ['f32', 'vec2f'].map(type => {
    const source = `
      @group(0) @binding(0) var<storage, read> xs: array<f32>;
      @group(0) @binding(1) var<storage, read> ys: array<f32>;
      @group(0) @binding(2) var<storage, read_write> out: array<f32>;
      fn f(x: ${type}, y: ${type}) -> ${type} { return ${expression}; }
      @compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3u) {
        let i = id.x; out[i] = f(${type}(xs[i]), ${type}(ys[i]))${type === 'f32' ? '' : '.y'};
      }`;
    const out = new Float32Array(xs.length);
    run(source, { xs: Float32Array.from(xs), ys: Float32Array.from(ys), out }, { workgroups: [xs.length] });
    return out;
  });
  return outputs;
}

function bitsOf(value: number): number {
  return new Int32Array(Float32Array.of(value).buffer)[0]!;
}

/** Returns the distance between a result and the true value, in units in the last place of f32. */
function distance(got: number, want: number): number {
  const rounded = Math.fround(want);
  if (Number.isNaN(rounded) || !Number.isFinite(rounded)) return Object.is(got, rounded) ? 0 : Infinity;
  const ordered = (bits: number) => (bits < 0 ? -2147483648 - bits : bits);
  return Math.abs(ordered(bitsOf(got)) - ordered(bitsOf(rounded)));
}

const many = (low: number, high: number) =>
  Array.from({ length: 2000 }, (_, i) => Math.fround(low + ((high - low) * (i + 0.5)) / 2000));
const powers = Array.from({ length: 250 }, (_, i) => Math.fround(1.37 * 2 ** (i - 125)));
const ends = [0, -0, Infinity, -Infinity, Number.NaN];

/** Functions with their true values, test points, and tolerance in units in the last place or as an absolute error. */
const accurate: [name: string, truth: (x: number) => number, points: number[], ulps: number, absolute?: number][] = [
  ['exp', Math.exp, [...many(-87, 88.7), ...many(-1, 1), ...ends], 2],
  ['exp', Math.exp, [-100, -103, -104, 89, 200, -200], 8],
  ['exp2', x => 2 ** x, [...many(-126, 127.9), ...many(-1, 1), ...ends], 2],
  ['log', Math.log, [...powers, ...many(0.5, 2), 1, 1e-40, -1, ...ends.slice(0, 3), Number.NaN], 2],
  ['log2', Math.log2, [...powers, ...many(0.5, 2), 1, 1e-40, -1, ...ends.slice(0, 3), Number.NaN], 4, 2e-7],
  ['sin', Math.sin, [...many(-3.2, 3.2), ...many(-100, 100)], 4, 3e-7],
  ['cos', Math.cos, [...many(-3.2, 3.2), ...many(-100, 100)], 4, 3e-7],
  ['tan', Math.tan, many(-1.5, 1.5), 8],
  ['asin', Math.asin, [...many(-1, 1), 1, -1, 2], 4],
  ['acos', Math.acos, [...many(-1, 1), -1, 1], 8, 3e-7],
  ['atan', Math.atan, [...many(-5, 5), ...powers, 0, Infinity, -Infinity], 4],
  ['sinh', Math.sinh, [...many(-10, 10), ...many(-0.5, 0.5), 0], 8],
  ['cosh', Math.cosh, many(-10, 10), 8],
  ['tanh', Math.tanh, [...many(-5, 5), 100, -100, 0], 8],
  ['asinh', Math.asinh, [...many(-5, 5), ...powers], 8],
  ['acosh', Math.acosh, [...many(1, 5), ...powers.slice(126)], 8],
  ['atanh', Math.atanh, many(-0.99, 0.99), 8],
  ['inverseSqrt', x => 1 / Math.sqrt(x), powers, 2],
];

describe('transcendental functions', () => {
  for (const [name, truth, points, ulps, absolute = 0] of accurate)
    it(`computes ${name} at ${points.length} points`, () => {
      for (const got of evaluate(`${name}(x)`, points))
        for (const [i, x] of points.entries()) {
          const want = truth(Math.fround(x));
          const isClose = distance(got[i]!, want) <= ulps || Math.abs(got[i]! - want) <= absolute;
          expect(isClose, `${name}(${x}) is ${got[i]}, expected ${want}`).toBe(true);
        }
    });

  it('computes pow', () => {
    const xs = [2, 3, 0.5, 10, 1.5, 7, 0, 0, 1, 5];
    const ys = [10, 4, 3, -3, 20.5, 0, 2, 0, 1e9, 1];
    for (const got of evaluate('pow(x, y)', xs, ys))
      for (const [i, x] of xs.entries()) {
        const want = x ** ys[i]!;
        expect(Math.abs(got[i]! - want) <= 2e-6 * Math.abs(want), `pow(${x}, ${ys[i]}) is ${got[i]}`).toBe(true);
      }
  });

  it('computes atan2 in every quadrant', () => {
    const ys = [1, 1, -1, -1, 0, 0, 2, -2, 0.3];
    const xs = [1, -1, -1, 1, 1, -1, 0, 0, 1e-3];
    for (const got of evaluate('atan2(x, y)', ys, xs))
      for (const [i, y] of ys.entries()) expect(got[i]).toBeCloseTo(Math.atan2(y, xs[i]!), 6);
  });
});

const exact: [expression: string, x: number, y: number, expected: number][] = [
  ['min(x, y)', 1, Number.NaN, 1],
  ['min(x, y)', Number.NaN, 1, Number.NaN],
  ['max(x, y)', -Infinity, 3, 3],
  ['max(x, y)', Number.NaN, 3, Number.NaN],
  ['clamp(x, -y, y)', 9, 2, 2],
  ['saturate(x)', -3, 0, 0],
  ['abs(x)', -0, 0, 0],
  ['sign(x)', -2.5, 0, -1],
  ['sign(x)', 0, 0, 0],
  ['floor(x)', -1.5, 0, -2],
  ['ceil(x)', 1.25, 0, 2],
  ['trunc(x)', -1.75, 0, -1],
  ['round(x)', 2.5, 0, 2],
  ['round(x)', -3.5, 0, -4],
  ['fract(x)', -1.25, 0, 0.75],
  ['x % y', -7.5, 2, -1.5],
  ['fma(x, y, x)', 3, 4, 15],
  ['mix(x, y, x)', 0.5, 3, 1.75],
  ['step(x, y)', 1, 1, 1],
  ['step(x, y)', 2, 1, 0],
  ['smoothstep(x, y, x + 0.5)', 0, 1, 0.5],
  ['sqrt(x)', 2, 0, Math.fround(Math.SQRT2)],
  ['degrees(x)', 1, 0, Math.fround(180 / Math.PI)],
  ['quantizeToF16(x)', 1.0001, 0, 1],
  ['quantizeToF16(x)', 1 / 3, 0, 0.333251953125],
  ['quantizeToF16(x)', 3e-8, 0, 2 ** -24],
  ['quantizeToF16(x)', -65519, 0, -65504],
  ['x / y', 1, 0, Infinity],
  ['-x', 0, 0, -0],
];

describe('numeric functions', () => {
  for (const [expression, x, y, expected] of exact)
    it(`evaluates ${expression} for ${x}, ${y}`, () => {
      for (const [got] of evaluate(expression, [x], [y])) expect(got).toBe(expected);
    });

  it('compares NaN and signed zeros as IEEE 754 does', () => {
    const comparisons = ['==', '!=', '<', '<=', '>', '>='];
    const source = `
      @group(0) @binding(0) var<storage, read> x: array<f32>;
      @group(0) @binding(1) var<storage, read_write> out: array<u32>;
      @compute @workgroup_size(1) fn main() { ${comparisons.map((c, i) => `out[${i}] = u32(x[0] ${c} x[1]); out[${i + 6}] = u32(!(x[2] ${c} x[3]));`).join('')} }`;
    const out = new Uint32Array(12);
    run(source, { x: Float32Array.of(Number.NaN, 1, 0, -0), out });
    expect([...out]).toEqual([0, 1, 0, 0, 0, 0, 0, 1, 1, 0, 1, 0]);
  });
});

const integer: [expression: string, u: number, v: number, expected: number][] = [
  ['countOneBits(u)', 0xf0f00001, 0, 9],
  ['countLeadingZeros(u)', 1, 0, 31],
  ['countLeadingZeros(u)', 0, 0, 32],
  ['countTrailingZeros(u)', 8, 0, 3],
  ['countTrailingZeros(u)', 0, 0, 32],
  ['firstLeadingBit(u)', 0x00010000, 0, 16],
  ['firstLeadingBit(u)', 0, 0, 0xffffffff],
  ['bitcast<u32>(firstLeadingBit(bitcast<i32>(u)))', 0xffffffff, 0, 0xffffffff],
  ['bitcast<u32>(firstLeadingBit(bitcast<i32>(u)))', 0xfffffff0, 0, 3],
  ['firstTrailingBit(u)', 0x50, 0, 4],
  ['firstTrailingBit(u)', 0, 0, 0xffffffff],
  ['reverseBits(u)', 0x00000013, 0, 0xc8000000],
  ['extractBits(u, 4u, 8u)', 0xabcdef12, 0, 0xf1],
  ['extractBits(u, v, 40u)', 0xabcdef12, 28, 0xa],
  ['extractBits(u, 4u, v)', 0xabcdef12, 0, 0],
  ['bitcast<u32>(extractBits(bitcast<i32>(u), 8u, 4u))', 0xf00, 0, 0xffffffff],
  ['insertBits(u, v, 8u, 8u)', 0xffffffff, 0x12, 0xffff12ff],
  ['insertBits(u, v, 0u, 32u)', 1, 0x12345678, 0x12345678],
  ['insertBits(u, v, 5u, 0u)', 7, 9, 7],
  ['dot4U8Packed(u, v)', 0x01020304, 0x05060708, 70],
  ['bitcast<u32>(dot4I8Packed(u, v))', 0xff, 0x02, 0xfffffffe],
  ['min(u, v)', 0xffffffff, 1, 1],
  ['bitcast<u32>(max(bitcast<i32>(u), bitcast<i32>(v)))', 0xffffffff, 1, 1],
  ['u32(abs(bitcast<i32>(u)))', 0xfffffff6, 0, 10],
  ['pack4x8unorm(vec4f(1, 0.5, -1, 2))', 0, 0, 0xff0080ff],
  ['pack4x8snorm(vec4f(1, -1, 0.5, -2))', 0, 0, 0x8140817f],
  ['pack2x16unorm(vec2f(1, 0.5))', 0, 0, 0x8000ffff],
  ['pack2x16snorm(vec2f(-1, 1))', 0, 0, 0x7fff8001],
  ['pack2x16float(vec2f(1, -2))', 0, 0, 0xc0003c00],
  ['pack2x16float(unpack2x16float(u))', 0x7c000001, 0, 0x7c000001],
  ['pack2x16float(unpack2x16float(u))', 0x83fffbff, 0, 0x83fffbff],
  ['u32(dot(unpack4x8unorm(u) * 255.0, vec4f(1, 2, 3, 4)))', 0x04030201, 0, 30],
  ['u32(unpack4x8snorm(u).x * -127.0)', 0x81, 0, 127],
  ['pack4xU8Clamp(vec4u(u, v, 1, 2))', 300, 5, 0x020105ff],
  ['pack4xI8(vec4i(-1, 2, 3, 4))', 0, 0, 0x040302ff],
  ['dot(unpack4xU8(u), vec4u(1, 10, 100, 1000))', 0x04030201, 0, 4321],
  ['bitcast<u32>(unpack4xI8(u).w)', 0x80000000, 0, 0xffffff80],
];

describe('integer functions', () => {
  for (const [expression, u, v, expected] of integer)
    it(`evaluates ${expression} for ${u.toString(16)}, ${v.toString(16)}`, () => {
      const source = `
        @group(0) @binding(0) var<storage, read> x: array<u32>;
        @group(0) @binding(1) var<storage, read_write> out: array<u32>;
        @compute @workgroup_size(1) fn main() { let u = x[0]; let v = x[1]; out[0] = ${expression}; }`;
      const out = new Uint32Array(1);
      run(source, { x: Uint32Array.of(u, v), out });
      expect(out[0]).toBe(expected);
    });
});

describe('vector functions', () => {
  it('computes dot, cross, length, distance, normalize and reflect', () => {
    const source = `
      @group(0) @binding(0) var<storage, read> x: array<vec3f>;
      @group(0) @binding(1) var<storage, read_write> out: array<f32>;
      @compute @workgroup_size(1) fn main() {
        let a = x[0]; let b = x[1];
        out[0] = dot(a, b); let c = cross(a, b); out[1] = c.x; out[2] = c.y; out[3] = c.z;
        out[4] = length(vec3f(2, 3, 6) * a.x); out[5] = distance(a, b); out[6] = normalize(vec3f(0, 3, 4) * a.x).z; out[7] = reflect(a, vec3f(0, 1, 0)).y;
      }`;
    const out = new Float32Array(8);
    run(source, { x: Float32Array.of(1, 2, 3, 0, 4, 5, 6, 0), out });
    expect([...out]).toEqual([32, -3, 6, -3, 7, Math.fround(Math.sqrt(27)), Math.fround(0.8), -2]);
  });
});

describe('atomics', () => {
  for (const sharedMemory of [false, true])
    it(`runs all operations in ${sharedMemory ? 'shared' : 'unshared'} memory`, () => {
      const source = `
        struct A { n: array<atomic<u32>, 12>, s: atomic<i32> }
        @group(0) @binding(0) var<storage, read_write> a: A;
        @group(0) @binding(1) var<storage, read_write> out: array<u32>;
        @compute @workgroup_size(4) fn main(@builtin(local_invocation_index) i: u32) {
          atomicAdd(&a.n[0], i + 1u); atomicSub(&a.n[1], 1u); atomicMax(&a.n[2], i * 3u); atomicMin(&a.n[3], 7u - i);
          atomicAnd(&a.n[4], ~(1u << i)); atomicOr(&a.n[5], 1u << i); atomicXor(&a.n[6], 3u); let before = atomicExchange(&a.n[7], i);
          let r = atomicCompareExchangeWeak(&a.n[8], i, i + 1u); if (r.exchanged) { atomicStore(&a.n[9], r.old_value); }
          atomicMin(&a.s, -5); atomicMax(&a.s, -i32(i));
          out[i] = before + atomicLoad(&a.n[0]);
        }`;
      const a = new Uint32Array(13);
      a.fill(100, 1, 2).fill(50, 3, 4).fill(255, 4, 5);
      const out = new Uint32Array(4);
      run(source, { a, out }, { sharedMemory });
      expect([...a.subarray(0, 10)]).toEqual([10, 96, 9, 4, 0xf0, 15, 0, 3, 4, 3]);
      expect(a[12]! | 0).toBe(-3);
      expect([...out]).toEqual([1, 3, 7, 12]);
    });
});
