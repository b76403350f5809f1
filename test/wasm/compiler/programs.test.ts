import { describe, expect, it } from 'vitest';
import { run } from './harness.ts';

interface Program {
  readonly why: string;
  /** Module-scope declarations. */
  readonly globals?: string;
  /** The body of a single invocation, in which `i` is 0; it writes `out`. */
  readonly body: string;
  readonly expected: readonly number[];
  readonly type?: 'f32' | 'i32' | 'u32';
  readonly constants?: Record<string, number>;
}

const input = [1, 2, 3, 4, 5, 6, 7, 8];

function resultOf({ globals = '', body, expected, type = 'f32', constants }: Program): number[] {
  const out = new { f32: Float32Array, i32: Int32Array, u32: Uint32Array }[type](expected.length);
  const source = `${globals}
    @group(0) @binding(0) var<storage, read> x: array<f32>;
    @group(0) @binding(1) var<storage, read_write> out: array<${type}>;
    @compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3u) {
      let i = id.x; _ = x[0]; ${body}
    }`;
  run(source, { x: Float32Array.from(input), out }, { constants });
  return [...out];
}

const programs: Program[] = [
  { why: 'applies operator precedence', body: 'out[0] = 2.0 + 3.0 * x[i + 3] - -x[0] / 2.0;', expected: [14.5] },
  {
    why: 'keeps abstract numbers exact',
    globals: 'const big = 16777217.0 * 2.0 - 16777216.0 * 2.0;',
    body: 'out[0] = big;',
    expected: [2],
  },
  { why: 'rounds divisions of abstract ints towards zero', body: 'out[0] = f32(-7 / 2) + f32(7 % -4);', expected: [0] },
  {
    why: 'parses hexadecimal floats',
    body: 'out[0] = 0x1.8p1; out[1] = 0x.8p0f; out[2] = -0x1.fffffep+127f;',
    expected: [3, 0.5, -3.4028234663852886e38],
  },
  {
    why: 'evaluates const declarations in any order',
    globals: 'const a = b * 2; const b = 3u + c; const c = 4;',
    body: 'out[0] = f32(a);',
    expected: [14],
  },
  {
    why: 'sets overrides from constants',
    globals: 'override n: u32 = 3u; override flag = false; override half = n / 2u;',
    body: 'out[0] = select(1.0, 2.0, flag); out[1] = f32(half);',
    constants: { n: 9, flag: 1 },
    expected: [2, 4],
  },
  {
    why: 'evaluates constant array sizes',
    globals: 'const n = 2 + 2;',
    body: 'var a: array<f32, n>; a[3] = 5.0; out[0] = a[3] + f32(arrayLength(&x));',
    expected: [13],
  },
  {
    why: 'reads swizzles and assigns components',
    body: 'var v = vec4f(1, 2, 3, 4); v.y = v.wzyx.x; v[2] += 1.0; let w = v.xyz.zyx; out[0] = w.x; out[1] = w.y; out[2] = v.bgr.g; out[3] = v.a;',
    expected: [4, 4, 4, 4],
  },
  {
    why: 'indexes vectors by runtime values',
    body: 'var v = vec4f(x[0], x[1], x[2], x[3]); let k = u32(x[1]); out[0] = v[k]; v[k] = 9.0; out[1] = v.z + v.w; v[k + 7u] = 1.0; out[2] = v.z;',
    expected: [3, 13, 9],
  },
  {
    why: 'indexes arrays by runtime values',
    body: 'var a = array<f32, 6>(1, 2, 3, 4, 5, 6); let k = u32(x[2]); a[k] *= 10.0; out[0] = a[k]; out[1] = a[k - 1u]; out[2] = array(7.0, 8.0, 9.0)[k - 2u];',
    expected: [40, 3, 8],
  },
  {
    why: 'runs loops with continue and break',
    body: 'var s = 0.0; for (var k = 0; k < 8; k++) { if (k == 2) { continue; } if (k == 6) { break; } s += x[k]; } out[0] = s;',
    expected: [18],
  },
  {
    why: 'runs loops that are not unrolled',
    body: 'var s = 0.0; var n = 0; for (var k = 0u; k < u32(x[7]) * 9u; k++) { if (k % 3u == 1u) { continue; } if (k > 60u) { break; } s += f32(k); n++; } out[0] = s; out[1] = f32(n);',
    expected: [1240, 41],
  },
  {
    why: 'runs while and loop, with continuing and break if',
    body: 'var k = 0; while k < i32(x[3]) { k += 3; } out[0] = f32(k); loop { k -= 1; if k == 4 { continue; } out[1] += 1.0; continuing { out[2] += 1.0; break if k <= 2; } }',
    expected: [6, 3, 4],
  },
  {
    why: 'runs switches with several selectors and the default in the middle',
    body: 'for (var k = 0; k < 5; k++) { switch k { case 1, 3: { out[k] = 1.0; } default: { out[k] = 2.0; } case 4: { if x[0] > 0 { break; } out[k] = 3.0; } } }',
    expected: [2, 1, 2, 1, 0],
  },
  {
    why: 'returns early from functions',
    globals:
      'fn f(a: f32) -> f32 { if (a > 3.0) { return 1.0; } for (var k = 0; k < 100; k++) { if (f32(k) > a) { return f32(k); } } return -1.0; }',
    body: 'out[0] = f(x[4]); out[1] = f(x[1]); out[2] = f(0.5);',
    expected: [1, 3, 1],
  },
  {
    why: 'short-circuits && and ||',
    globals: 'var<private> calls: i32; fn f() -> bool { calls++; return true; }',
    body: 'let a = x[0] > 5.0 && f(); let b = x[0] < 5.0 || f(); let c = x[0] < 5.0 && f(); out[0] = f32(calls); out[1] = select(0.0, 1.0, !a && b && c);',
    expected: [1, 1],
  },
  {
    why: 'returns and copies nested structs',
    globals:
      'struct A { v: vec2f, n: i32 } struct B { a: A, w: array<f32, 2> } fn make(k: f32) -> B { return B(A(vec2f(k, 2.0), 3), array(4.0, k)); }',
    body: 'var b = make(x[6]); b.a.v.x += 1.0; b.w[0] = 9.0; let c = b; out[0] = c.a.v.x; out[1] = c.w[0] + c.w[1]; out[2] = f32(c.a.n);',
    expected: [8, 16, 3],
  },
  {
    why: 'writes through pointers to variables and to their parts',
    globals:
      'fn bump(p: ptr<function, f32>) { *p += 1.0; } fn both(p: ptr<function, array<f32, 2>>) { bump(&(*p)[1]); p[0] = 5.0; }',
    body: 'var a = array<f32, 2>(1, 2); for (var k = 0; k < i32(x[2]); k++) { both(&a); } out[0] = a[0]; out[1] = a[1]; let q = &out[2]; *q = 7.0;',
    expected: [5, 5, 7],
  },
  {
    why: 'initialises private variables',
    globals: 'var<private> t = 2.0; var<private> u: array<f32, 3>; fn f(k: u32) { t *= 2.0; u[k] = t; }',
    body: 'f(0u); f(u32(x[0])); out[0] = u[1]; out[1] = u[0] + u[2];',
    expected: [8, 4],
  },
  {
    why: 'computes with matrices',
    body: 'let m = mat2x3f(1, 2, 3, 4, 5, 6); let v = m * vec2f(x[0], x[1]); let w = vec3f(1, 1, 1) * m; let t = transpose(m) * m; out[0] = v.x; out[1] = v.z; out[2] = w.y; out[3] = t[1][0]; out[4] = determinant(mat3x3f(2, 0, 0, 1, 3, 0, 0, 0, 4)); var n = m; n[1].y = 0.0; n[0][u32(x[0])] = 8.0; out[5] = n[1][1] + n[0].y;',
    expected: [9, 15, 15, 32, 24, 8],
  },
  {
    why: 'resolves aliases and template types',
    globals: 'alias V = vec3<f32>; alias W = array<V, 2>;',
    body: 'let w = W(V(1.0), V(2.0, 3.0, x[3])); out[0] = dot(w[0], w[1]);',
    expected: [9],
  },
  { why: 'shadows names', body: 'let a = 1.0; { let a = a + 1.0; out[0] = a; } out[1] = a;', expected: [2, 1] },
  {
    why: 'swaps variables in a loop',
    body: 'var a = 1.0; var b = 0.0; for (var k = 0; k < i32(x[7]) * 5; k++) { let t = a; a = b; b = t; } out[0] = a; out[1] = b;',
    expected: [1, 0],
  },
  {
    why: 'divides i32 by zero, and the lowest i32 by -1',
    type: 'i32',
    body: 'let z = i32(x[0]) - 1; let low = -2147483647 - i32(x[0]); out[0] = 7 / z; out[1] = 7 % z; out[2] = low / (z - 1); out[3] = low % (z - 1); out[4] = -7 / 2; out[5] = -7 % 2;',
    expected: [7, 0, -(2 ** 31), 0, -3, -1],
  },
  {
    why: 'divides u32 and vectors of u32',
    type: 'u32',
    body: 'let z = u32(x[0]) - 1u; out[0] = 4294967295u / 2u; out[1] = 5u / z; out[2] = 5u % z; let v = vec3u(9, 8, 7) / vec3u(2u, z, 4u); out[3] = v.x; out[4] = v.y; out[5] = v.z;',
    expected: [2147483647, 5, 0, 4, 8, 1],
  },
  {
    why: 'shifts by the amount modulo 32',
    type: 'u32',
    body: 'let n = u32(x[7]) * 4u; out[0] = 1u << (n + 1u); out[1] = 0x80000000u >> n; out[2] = bitcast<u32>(i32(-8) >> 1u); let v = vec2u(1, 2) << vec2u(n + 3u, 1u); out[3] = v.x; out[4] = v.y;',
    expected: [2, 0x80000000, 0xfffffffc, 8, 4],
  },
  {
    why: 'clamps floats to the range of an integer type',
    type: 'i32',
    body: 'let n = x[0]; out[0] = i32(-1.9 * n); out[1] = i32(3e9 * n); out[2] = i32(-3e9 * n); out[3] = bitcast<i32>(u32(-1.0 * n)); out[4] = bitcast<i32>(u32(5e9 * n)); let v = vec2i(vec2f(1.5, -2.5) * n); out[5] = v.x + v.y;',
    // The upper limits are the largest integers that f32 can represent; 2^32 - 2^8 is -2^8 as i32.
    expected: [-1, 2 ** 31 - 2 ** 7, -(2 ** 31), 0, -(2 ** 8), -1],
  },
  {
    why: 'wraps integers on overflow',
    type: 'u32',
    body: 'let n = u32(x[0]); out[0] = 4294967295u + n; out[1] = 0u - n; out[2] = 65536u * 65537u * n;',
    expected: [0, 4294967295, 65536],
  },
  {
    why: 'computes with vectors of bools',
    body: 'let v = vec3f(x[0], x[1], x[2]); let b = v > vec3f(1.5); out[0] = select(0.0, 1.0, any(b)); out[1] = select(0.0, 1.0, all(b)); out[2] = select(0.0, 1.0, b.y); let s = select(v, -v, b); out[3] = s.x + s.y + s.z; out[4] = dot(vec3f(b), vec3f(1.0)); let m = b & vec3<bool>(true, false, true); out[5] = f32(m.z);',
    expected: [1, 0, 1, -4, 2, 1],
  },
  {
    why: 'reads back what it has written to a buffer',
    body: 'out[0] = 1.0; for (var k = 1; k < 6; k++) { out[k] = out[k - 1] * 2.0; }',
    expected: [1, 2, 4, 8, 16, 32],
  },
  {
    why: 'runs loops whose body changes the end or the step',
    body: 'var n = 8; var s = 0.0; for (var k = 0; k < n; k++) { n--; s += 1.0; } out[0] = s; var m = 1; for (var k = 0; k < 6; k += m) { m++; out[1] += 1.0; }',
    expected: [4, 3],
  },
  {
    why: 'evaluates an index in front of a swizzle once',
    globals: 'var<private> calls: i32; fn next() -> i32 { calls++; return calls - 1; }',
    body: 'var a = array<vec3f, 2>(vec3f(1, 2, 3), vec3f(4, 5, 6)); let b = a[next()].zx; out[0] = b.x; out[1] = a[next()].yz[1]; out[2] = f32(calls);',
    expected: [3, 6, 2],
  },
  {
    why: 'writes through a copied pointer in a loop',
    body: 'var a = 1.0; let p = &a; for (var i = 0; i < i32(x[7]) * 9; i++) { let q = p; *q += 2.0; } out[0] = a;',
    expected: [145],
  },
  {
    why: 'shifts twice, by amounts above 31',
    type: 'u32',
    body: 'let n = 4294967295u; let k = u32(x[0]); out[0] = (k << 3u) << n; out[1] = (k << n) >> 31u; out[2] = (k << (35u - 3u * k)) << 1u;',
    expected: [0, 1, 2],
  },
  {
    why: 'keeps numbers abstract in shifts, ~ and numeric builtins',
    type: 'u32',
    globals:
      'const a: u32 = 1 << 3u; const b: u32 = clamp(1, 2, 3); const c: u32 = u32(~5000000000 + 5000000004); const d: u32 = u32(-1.0); const e: f32 = sign(-3) * 2;',
    body: 'out[0] = a; out[1] = b; out[2] = c; out[3] = d; out[4] = u32(-e);',
    expected: [8, 2, 3, 0, 2],
  },
  {
    why: 'accesses components of vectors of bools in memory',
    body: 'var a: array<vec2<bool>, 3>; let k = u32(x[0]); a[k].y = true; a[k + 1u] = vec2<bool>(true, false); out[0] = f32(a[k][k]); out[1] = f32(a[2].x) + f32(all(a[1])); out[2] = f32(u32(a[k + 1u][0]));',
    expected: [1, 1, 1],
  },
  {
    why: 'runs a loop whose counter wraps',
    body: 'var n = 0.0; for (var k = 4294967290u; k < 4294967295u + u32(x[0] - 1.0); k += 2u) { n += 1.0; if (n > 5.0) { break; } } out[0] = n;',
    expected: [6],
  },
];

describe('programs', () => {
  for (const program of programs) it(program.why, () => expect(resultOf(program)).toEqual(program.expected));
});

describe('invocations', () => {
  it('get their ids in three-dimensional workgroups', () => {
    const source = `
      struct In { @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) index: u32 }
      @group(0) @binding(0) var<storage, read_write> out: array<u32>;
      @compute @workgroup_size(2, 3, 2)
      fn main(in: In, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) count: vec3u, @builtin(global_invocation_id) id: vec3u) {
        let g = group.x + count.x * (group.y + count.y * group.z);
        out[g * 12u + in.index] = id.x + 100u * id.y + 10000u * id.z + in.local.y * 1000000u;
      }`;
    const out = new Uint32Array(12 * 12);
    run(source, { out }, { workgroups: [2, 3, 2] });
    const expected = Array.from(out, (_, at) => {
      const [g, i] = [Math.floor(at / 12), at % 12];
      const [gx, gy, gz] = [g % 2, Math.floor(g / 2) % 3, Math.floor(g / 6)];
      const [x, y, z] = [i % 2, Math.floor(i / 2) % 3, Math.floor(i / 6)];
      return gx * 2 + x + 100 * (gy * 3 + y) + 10000 * (gz * 2 + z) + y * 1000000;
    });
    expect([...out]).toEqual(expected);
  });

  it("use WGSL's memory layout for structs", () => {
    const source = `
      struct P { a: f32, v: vec3f, b: f32, m: mat2x2f, w: vec2u, n: array<vec3f, 2>, @size(32) c: f32, @align(32) d: f32 }
      @group(0) @binding(0) var<storage, read> p: array<P>;
      @group(0) @binding(1) var<storage, read_write> out: array<f32>;
      @group(1) @binding(0) var<storage, read_write> q: P;
      @compute @workgroup_size(1) fn main() {
        let s = p[1];
        out[0] = s.a; out[1] = s.v.z; out[2] = s.b; out[3] = s.m[1][0]; out[4] = f32(s.w.y); out[5] = s.n[1].y; out[6] = s.c; out[7] = s.d;
        q = s; q.v = vec3f(1.0);
      }`;
    const size = 160;
    const p = new Float32Array((2 * size) / 4);
    const at = (offset: number) => (size + offset) / 4;
    const values: [number, number][] = [
      [0, 1],
      [24, 2],
      [28, 3],
      [40, 4],
      [80, 6],
      [116 - 16, 0],
      [112, 7],
      [128, 8],
    ];
    for (const [offset, value] of values) p[at(offset)] = value;
    const kernel = (() => {
      const out = new Float32Array(8);
      const q = new Float32Array(size / 4);
      const compiled = run(source, { p, out, q });
      expect(out[0]).toBe(1);
      expect([...q.subarray(4, 7)]).toEqual([1, 1, 1]);
      return compiled;
    })();
    expect(kernel.bindings.map(({ name, group, minBindingSize }) => [name, group, minBindingSize])).toEqual([
      ['p', 0, size],
      ['out', 0, 4],
      ['q', 1, size],
    ]);
  });
});
