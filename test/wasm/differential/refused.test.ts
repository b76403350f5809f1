import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execute, openDawn, openWasm, type Tested } from './devices.ts';

let devices: Tested[];
beforeAll(async () => {
  devices = [await openDawn(), await openWasm({ relaxedSimd: false })];
});
afterAll(() => devices[1]!.device.destroy());

/**
 * Returns the names of the devices that accept a shader: module-scope declarations before `%%`, the entry point's body
 * after it.
 */
async function takenBy(text: string): Promise<string[]> {
  const [globals, body] = text.includes('%%') ? text.split('%%') : ['', text];
  const source = `@group(0) @binding(0) var<storage, read> x: array<i32>;
@group(0) @binding(1) var<storage, read_write> y: array<i32>;
${globals}
@compute @workgroup_size(1) fn main() { y[0] = x[0]; ${body} }`;
  const words = new Uint32Array(8);
  const program = {
    source,
    workgroups: 1,
    buffers: [
      { use: 'input', words },
      { use: 'output', words },
    ],
  } as const;
  const taken: string[] = [];
  for (const device of devices) if (!('error' in (await execute(device, program)))) taken.push(device.name);
  return taken;
}

const refused = [
  // types
  'let a: i32 = 1u;',
  'let a: u32 = -1;',
  'let a = 1u + 1i;',
  'let a = vec2f() + vec3f();',
  'let a = vec3f(1, 2);',
  'let a = mat2x2f() * vec3f();',
  'let a = !1;',
  'let a = ~1.5;',
  'let a = -1u;',
  'let a = true + false;',
  'let a = 1.5 & 2;',
  'if (1) { }',
  'let a = vec2f().z;',
  'let a = vec4f().xg;',
  'let a = select(1, 2.5, 3);',
  'let a = dot(1.0, 2.0);',
  'let a = cross(vec2f(), vec2f());',
  'let a = countOneBits(1.5);',
  'let a = bitcast<vec2f>(1u);',
  'let a = array(1, 2u, 3i);',
  'struct S { a: f32 } %% let a = S(1u);',
  'struct S { a: f32 } %% let a = S().b;',
  'fn f(a: f32) { } %% f(1u);',
  'fn f() -> f32 { return 1u; } %% _ = f();',
  'var a: array<f32, 3>; let p: ptr<function, f32> = &a;',
  'for (var i = 0; i; i++) { }',
  'switch 1.5 { default: { } }',
  'switch true { default: { } }',
  'var v = 1.5; v++;',
  'var a = 1; a += 1.5;',
  // unreachable code
  'if (false) { let a: i32 = 1u; }',
  'if (true) { } else { y[0] = 1u; }',
  'let a = false && (1i == 1u);',
  'return; let a: i32 = 1u;',
  'loop { break; y[0] = 1.5; }',
  'fn f() { g(1); } fn g(a: f32) { let b: i32 = a; } %% if (false) { f(); }',
  'override on = false; %% if (on) { y[0] = 2u; }',
  // constants
  'let a = x[0] / 0;',
  'let a = x[0] % 0;',
  'y[0] /= 0;',
  'let a = x[0] << 32;',
  'y[0] >>= 40u;',
  'const a = 1i << 31u;',
  'const a = vec3i(1, 2, 3)[3];',
  'const a = 1e38f * 10f;',
  'const a = sqrt(-1.0);',
  'const a: i32 = 2147483648;',
  'let n = 5; const m = n;',
  'override o = 3; %% const m = o;',
  'let n = 3; var a: array<i32, n>;',
  'var a: array<i32, 0>;',
  'let n = 1; switch x[0] { case n: { } default: { } }',
  'switch x[0] { case 1: { } case 1: { } default: { } }',
  'switch x[0] { case 1: { } }',
  'const_assert 1 > 2;',
  'const_assert x[0] == 0;',
  'const a = b; const b = a; %% _ = a;',
  // names and places
  'let a = 1; let a = 2;',
  'let a = 1; a = 2;',
  'const a = 1; a = 2;',
  'fn f(a: i32) { a = 2; } %% f(1);',
  'x[0] = 1;',
  'let a = nowhere;',
  'let a = sine(1.0);',
  'var a: vec5f;',
  '{ let a = 1; } y[0] = a;',
  'for (var i = 0; i < 2; i++) { } y[0] = i;',
  'y[0] = 1; fn;',
  'fn f() { f(); } %% f();',
  'vec2f(1, 2).x = 1.0;',
  'let p = &1;',
  'let a = *y[0];',
  'break;',
  'continue;',
  'var<workgroup> w: atomic<u32>; %% let a = w;',
  // functions
  'fn f(a: i32) -> i32 { if (a > 0) { return 1; } } %% _ = f(x[0]);',
  'fn f() -> i32 { if (true) { return 1; } } %% _ = f();',
  'fn f() { return 1; } %% f();',
  'fn f(a: i32) { } %% f();',
  'min(1, 2);',
  'vec2f(1, 2);',
  '@must_use fn f() -> i32 { return 1; } %% f();',
  'y[0] = f2(); fn f2() -> i32 { return 1; }',
  // precedence and tokens
  'let a = 1 & 2 | 4;',
  'let a = x[0] < 1 == true;',
  'let a = true && false || true;',
  'let a = 1 << 2 << 3;',
  'let a = 1 + 2 & 3;',
  'let a = x[0] == 1 & true;',
  'let a = 1 + ;',
  'let a = 1 # 2;',
  'let a = 08;',
  'let a = 1.5u;',
  'let a = 4294967296u;',
  'let a = 1e40f;',
];

const valid = [
  'let a = (1 & 2) | 4; let b = 1 | 2 | 4;',
  'let a = true && x[0] < 1 + 2 && false;',
  'let a = 1 << (2u + 1);',
  'let a = x[0] + 1 < 2 << 3u;',
  'fn f() -> i32 { return 1; } %% f();',
  'fn f(a: i32) -> i32 { switch a { case 1: { return 2; } default: { return 3; } } } %% _ = f(x[0]);',
  'fn f(a: i32) -> i32 { loop { if (a > 0) { return 1; } } } %% _ = f(x[0] + 1);',
  'let n = 32u; let a = x[0] << n; let m = 0; let b = x[0] / m;',
  'var i = 7; let a = array(1, 2, 3)[i];',
  'override n = 3; var<workgroup> w: array<i32, n>; %% w[0] = 1;',
  'const a = 1i - 2i; const b = 1u - 2u; const c = 2147483647i + 1i;',
  'let a = 1; { let a = 2.5; } y[0] = a;',
  'let a: f32 = 1; let b: vec2f = vec2(1, 2); let c = vec2(1, 2u); var d = array(1, 2.5);',
  'struct S { xy: vec2f, r: f32 } %% var s = S(); s.xy.x = 1.0; let a = s.xy.yx; s.r += 1;',
];

describe('Dawn and the wasm device refuse', () => {
  for (const text of refused) it(text, async () => expect(await takenBy(text)).toEqual([]));
});

describe('Dawn and the wasm device accept', () => {
  for (const text of valid) it(text, async () => expect(await takenBy(text)).toEqual(devices.map(({ name }) => name)));
});
