import { describe, expect, it } from 'vitest';
import { run } from './harness.ts';

/** Out-of-bounds indices in every kind of access. The harness checks the guard bytes around the buffers. */
const strays: [why: string, body: string][] = [
  ['a store past the end', 'y[9u + n] = 1.0;'],
  ['a store before the start', 'let k = i32(n) - 5; y[k] = 1.0;'],
  ['stores in a loop that runs past the end', 'for (var k = 0u; k < n * 100u; k++) { y[k] = f32(k); }'],
  ['stores in a loop that starts below 0', 'for (var k = -3; k < i32(n); k++) { y[k] = 1.0; }'],
  ['stores with a stride that wraps', 'for (var k = 0u; k < n; k++) { y[k * 0x40000001u] = 1.0; }'],
  ['stores in a loop that counts down', 'for (var k = n; k < 9u; k--) { y[k] = 1.0; y[k - 2u] = 1.0; }'],
  [
    'vectors and components past the end',
    'var at = 2u * n; v[at] = vec4f(1.0); v[at][n * 7u] = 3.0; w[at] = vec3f(1.0); w[n + 4u].y = 2.0;',
  ],
  ['arrays in a struct', 'for (var k = 0u; k < 40u; k++) { s.a[k] = 7.0; s.m[k].z = 8.0; s.rest[k * 3u] = 1.0; }'],
  ['workgroup memory', 't[n * 9u] = 1.0; for (var k = 0u; k < n * 50u; k++) { t[k] = y[k]; }'],
  [
    'an array variable in scratch memory',
    'var a: array<f32, 5>; for (var k = 0u; k < n * 50u; k++) { a[k] = 1.0; } y[0] = a[n + 7u];',
  ],
  ['atomics', 'atomicAdd(&c[n * 5u], 1u); atomicMax(&c[n - 9u], 7u);'],
  ['reads', 'for (var k = 0u; k < n * 50u; k++) { y[0] += x[k * 3u] + x[k - 7u] + v[k].x + s.rest[k]; }'],
];

describe('accesses stay in their binding', () => {
  for (const [why, body] of strays)
    it(why, () => {
      const source = `
        struct S { a: array<f32, 3>, m: array<vec3f, 2>, rest: array<f32> }
        @group(0) @binding(0) var<storage, read> x: array<f32>;
        @group(0) @binding(1) var<storage, read_write> y: array<f32>;
        @group(0) @binding(2) var<storage, read_write> v: array<vec4f>;
        @group(0) @binding(3) var<storage, read_write> w: array<vec3f>;
        @group(0) @binding(4) var<storage, read_write> s: S;
        @group(0) @binding(5) var<storage, read_write> c: array<atomic<u32>>;
        @group(0) @binding(6) var<uniform> n: u32;
        var<workgroup> t: array<f32, 6>;
        @compute @workgroup_size(2) fn main() { ${body} }`;
      run(source, {
        x: Float32Array.from({ length: 7 }, () => 1),
        y: new Float32Array(5),
        v: new Float32Array(8),
        w: new Float32Array(8),
        s: new Float32Array(13),
        c: new Uint32Array(3),
        n: Uint32Array.of(4),
      });
    });

  it('a loop computes the same with and without bounds checks', () => {
    const source = `
      @group(0) @binding(0) var<storage, read> x: array<f32>;
      @group(0) @binding(1) var<storage, read_write> y: array<f32>;
      @group(0) @binding(2) var<uniform> p: vec4u;
      @compute @workgroup_size(1) fn main() {
        var at = p.x;
        for (var k = p.y; k < p.z; k += 3u) { y[k] = x[at] + x[at + 2u] * 10.0; at += p.w; }
      }`;
    const length = 30;
    const x = Float32Array.from({ length }, (_, i) => i + 1);
    const element = (at: number) => x[Math.min(at >>> 0, length - 1)]!;
    for (const [start, first, end, step] of [
      [0, 0, 12, 1],
      [3, 1, 20, 2],
      [20, 0, 30, 7],
      [29, 2, 3, 1],
      [0, 9, 4, 1],
      [28, 0, 30, -1],
      [1, 0, 40, 1],
    ]) {
      const y = new Float32Array(length);
      const expected = new Float32Array(length);
      for (let k = first!, at = start!; k < end!; k += 3, at += step!)
        expected[Math.min(k, length - 1)] = Math.fround(element(at) + element(at + 2) * 10);
      run(source, { x, y, p: Uint32Array.of(start!, first!, end!, step!) });
      expect([...y], `${[start, first, end, step]}`).toEqual([...expected]);
    }
  });
});
