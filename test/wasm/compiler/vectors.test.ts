import { describe, expect, it } from 'vitest';
import { allowRelaxedSimd } from '#platform';
import { hasRelaxedSimd } from '../../../src/wasm/device/features.ts';
import { compile, run } from './harness.ts';

const I32_EQ_BR_IF = [0x46, 0x0d];
const V128_STORE = [0xfd, 11];
const V128_LOAD = [0xfd, 0];

/** Counts the occurrences of a byte sequence in a module. */
function count(wasm: Uint8Array, bytes: readonly number[]): number {
  let found = 0;
  for (let at = wasm.indexOf(bytes[0]!); at >= 0; at = wasm.indexOf(bytes[0]!, at + 1))
    if (bytes.every((byte, i) => wasm[at + i] === byte)) found++;
  return found;
}

/** Returns a kernel that sums x[c] * w[c * rows + row] over c, for 8 columns: it has 2 * rows vectors of sums. */
function tile(rows: number): string {
  const each = (text: (row: number) => string) => Array.from({ length: rows }, (_, row) => text(row)).join('\n');
  return `
    @group(0) @binding(0) var<storage, read> x: array<vec4f>;
    @group(0) @binding(1) var<storage, read> w: array<f32>;
    @group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
    override DEPTH: u32 = 0u;
    @compute @workgroup_size(1)
    fn main() {
      ${each(row => `var a${row} = vec4f(); var b${row} = vec4f();`)}
      var source = 0u;
      var at = 0u;
      for (var c = 0u; c < DEPTH + y32(); c++) {
        let left = x[source];
        let right = x[source + 1u];
        ${each(row => `let w${row} = w[at + ${row}u]; a${row} += w${row} * left; b${row} += w${row} * right;`)}
        source += 2u;
        at += ${rows}u;
      }
      ${each(row => `y[${2 * row}u] = a${row}; y[${2 * row + 1}u] = b${row};`)}
    }
    fn y32() -> u32 { return min(arrayLength(&y), 0u); }`;
}

describe('loops with more sums than registers', () => {
  allowRelaxedSimd();
  const modes = hasRelaxedSimd() ? [false, true] : [false];

  describe.each(modes)('relaxed SIMD: %s', relaxedSimd => {
    it.each([
      [4, 0],
      [5, 1],
      [6, 2],
      [6, 7],
      [9, 64],
    ])('compute %d rows in %d iterations', (rows, depth) => {
      const x = Float32Array.from({ length: Math.max(8 * depth, 8) }, (_, i) => ((i * 37) % 19) - 9);
      const w = Float32Array.from({ length: Math.max(rows * depth, 4) }, (_, i) => ((i * 53) % 23) - 11);
      const y = new Float32Array(8 * rows).fill(Number.NaN);
      run(tile(rows), { x, w, y }, { constants: { DEPTH: depth }, relaxedSimd });
      const expected = Float32Array.from(y, (_, i) => {
        const [row, column] = [i >> 3, i & 7];
        let sum = 0;
        for (let c = 0; c < depth; c++) sum += w[c * rows + row]! * x[8 * c + column]!;
        return sum;
      });
      expect(y).toEqual(expected);
    });

    it('have fences between the sums only if those exceed the registers', () => {
      const fences = (rows: number) =>
        count(compile(tile(rows), { constants: { DEPTH: 5 }, relaxedSimd }).wasm, I32_EQ_BR_IF);
      expect(fences(4)).toBe(0);
      expect(fences(6)).toBeGreaterThanOrEqual(5);
    });
  });
});

describe('four adjacent scalars', () => {
  const source = `
    struct Params { from: u32, to: u32 }
    @group(0) @binding(0) var<storage, read> x: array<f32>;
    @group(0) @binding(1) var<storage, read_write> y: array<f32>;
    @group(0) @binding(2) var<uniform> params: Params;
    @compute @workgroup_size(1)
    fn main() {
      let i = params.from;
      let o = params.to;
      let v = 2.0 * vec4f(x[i], x[i + 1u], x[i + 2u], x[i + 3u]) + vec4f(0.5, 1.5, 2.5, 3.5);
      y[o] = v.x;
      y[o + 1u] = v.y;
      y[o + 2u] = v.z;
      y[o + 3u] = v.w;
    }`;

  it('are loaded and stored as one vector', () => {
    const { wasm } = compile(source);
    expect([count(wasm, V128_LOAD), count(wasm, V128_STORE)]).toEqual([1, 1]);
  });

  const edges = [0, 1, 2, 3, 4, 5, 6, 7, 100, 0x7fffffff, 0x80000000, 0xfffffffc, 0xfffffffd, 0xfffffffe, 0xffffffff];
  it.each([1, 2, 3, 4, 7])('stay inside a buffer of %d floats, wherever they start', length => {
    const x = Float32Array.from({ length }, (_, i) => 10 * (i + 1));
    for (const from of edges)
      for (const to of edges) {
        const y = new Float32Array(length).fill(-1);
        const expected = y.slice();
        const inside = (index: number) => Math.min(index >>> 0, length - 1);
        for (let k = 0; k < 4; k++) expected[inside(to + k)] = 2 * x[inside(from + k)]! + k + 0.5;
        run(source, { x, y, params: Uint32Array.of(from, to) });
        expect(y, `from ${from} to ${to}`).toEqual(expected);
      }
  });
});

describe('consecutive vectors', () => {
  const floats = `
    struct Params { from: u32, to: u32 }
    @group(0) @binding(0) var<storage, read> x: array<f32>;
    @group(0) @binding(1) var<storage, read_write> y: array<f32>;
    @group(0) @binding(2) var<uniform> params: Params;
    fn four(i: u32, o: u32) {
      let v = 2.0 * vec4f(x[i], x[i + 1u], x[i + 2u], x[i + 3u]) + 1.0;
      y[o] = v.x;
      y[o + 1u] = v.y;
      y[o + 2u] = v.z;
      y[o + 3u] = v.w;
    }
    @compute @workgroup_size(1)
    fn main() {
      four(params.from, params.to);
      four(params.from + 4u, params.to + 4u);
      four(params.from + 8u, params.to + 8u);
      four(params.from + 12u, params.to + 12u);
    }`;
  const vectors = `
    struct Params { from: u32, to: u32 }
    @group(0) @binding(0) var<storage, read> x: array<vec4f>;
    @group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
    @group(0) @binding(2) var<uniform> params: Params;
    @compute @workgroup_size(1)
    fn main() {
      let v = x[params.from];
      y[params.to] = 2.0 * v + 1.0;
      y[params.to + 1u] = 2.0 * v + 3.0;
      y[params.to + 2u] = 2.0 * v + 5.0;
    }`;

  it('are stored behind one check, with one address', () => {
    const { wasm } = compile(floats);
    const offsets = [0, 16, 32, 48];
    expect([count(wasm, V128_LOAD), count(wasm, V128_STORE)]).toEqual([4, 4]);
    for (const offset of offsets) {
      expect(count(wasm, [...V128_LOAD, 2, offset])).toBe(1);
      expect(count(wasm, [...V128_STORE, 2, offset])).toBe(1);
    }
    expect(count(wasm, [...V128_STORE, 2, 48, ...V128_STORE, 2, 32, ...V128_STORE, 2, 16, ...V128_STORE, 2, 0])).toBe(
      1,
    );
  });

  const edges = [0, 1, 4, 8, 9, 0x7fffffff, 0xfffffff1, 0xffffffff];

  it.each([1, 15, 16, 17, 24])('written as scalars stay inside a buffer of %d floats, wherever they start', length => {
    const x = Float32Array.from({ length }, (_, i) => 10 * (i + 1));
    const inside = (index: number) => Math.min(index >>> 0, length - 1);
    for (const from of edges)
      for (const to of edges) {
        const y = new Float32Array(length).fill(-1);
        const expected = y.slice();
        for (let k = 0; k < 16; k++) expected[inside(to + k)] = 2 * x[inside(from + k)]! + 1;
        run(floats, { x, y, params: Uint32Array.of(from, to) });
        expect(y, `from ${from} to ${to}`).toEqual(expected);
      }
  });

  it.each([1, 2, 3, 4, 5])('stay inside a buffer of %d vectors, wherever they start', length => {
    const x = Float32Array.from({ length: 4 * length }, (_, i) => 10 * (i + 1));
    const inside = (index: number) => Math.min(index >>> 0, length - 1);
    for (const from of edges)
      for (const to of edges) {
        const y = new Float32Array(4 * length).fill(-1);
        const expected = y.slice();
        for (let k = 0; k < 3; k++)
          for (let lane = 0; lane < 4; lane++)
            expected[4 * inside(to + k) + lane] = 2 * x[4 * inside(from) + lane]! + 1 + 2 * k;
        run(vectors, { x, y, params: Uint32Array.of(from, to) });
        expect(y, `from ${from} to ${to}`).toEqual(expected);
      }
  });

  it('keep their order if they overlap', () => {
    const source = `
      @group(0) @binding(0) var<storage, read_write> y: array<vec4f>;
      @compute @workgroup_size(1)
      fn main() {
        y[0] = vec4f(1);
        y[1] = vec4f(2);
        y[0] = vec4f(3);
        y[1] = vec4f(4);
        y[1] = vec4f(5);
      }`;
    const y = new Float32Array(8);
    run(source, { y });
    expect([...y]).toEqual([3, 3, 3, 3, 5, 5, 5, 5]);
  });
});

it('shuffles components of two vectors instead of extracting them', () => {
  const source = `
    @group(0) @binding(0) var<storage, read> x: array<vec4f>;
    @group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
    @compute @workgroup_size(1)
    fn main() {
      let a = x[0];
      let b = x[1];
      y[0] = vec4f(a.x, b.x, a.y, b.y);
      y[1] = vec4f(b.w, b.z, b.y, b.x);
      y[2] = vec4f(b.zw, a.zw);
    }`;
  const y = new Float32Array(12);
  const { wasm } = run(source, { x: Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7), y });
  expect([...y]).toEqual([0, 4, 1, 5, 7, 6, 5, 4, 6, 7, 2, 3]);
  expect(count(wasm, [0xfd, 13])).toBe(3); // i8x16.shuffle
});
