import { expect, it } from 'vitest';
import { CompileError } from '../../../src/wasm/interface/compile_error.ts';
import { compile, type RunOptions } from './harness.ts';

const MAIN = '@compute @workgroup_size(1) fn main() {\n';

/** Invalid shaders, with the whole message that each must cause. */
const invalid: [why: string, source: string, message: string, options?: RunOptions][] = [
  ['an unexpected token', `${MAIN}  let a = 1 + ;\n}`, "2:15: expected an expression, got ';'"],
  ['a missing closing brace', `${MAIN}  let a = 1;`, "2:13: expected '}', got the end of the file"],
  ['an unexpected character', 'const a = 1 # 2;', "1:13: unexpected character '#'"],
  ['an unknown name', `${MAIN}  let a = pad_w + 1;\n}`, "2:11: unresolved value 'pad_w'"],
  ['an unknown function', `${MAIN}  let a = sine(1.0);\n}`, "2:11: unresolved function 'sine'"],
  ['an unknown type', `${MAIN}  var a: vec5f;\n}`, "2:10: unresolved type 'vec5f'"],
  ['an initializer of another type', `${MAIN}  let a: u32 = 1.5;\n}`, '2:16: expected u32, got abstract-float'],
  ['operands of different types', `${MAIN}  let a = 1u + 1i;\n}`, '2:14: expected i32, got u32'],
  ['a condition that is not a bool', `${MAIN}  if (1) { }\n}`, '2:7: expected bool, got abstract-int'],
  ['an unknown member', `${MAIN}  let a = vec2f().z;\n}`, "2:18: vec2<f32> has no member 'z'"],
  [
    'a number out of range',
    'const a: i32 = 2147483648;\nconst_assert a > 0;',
    '1:16: 2147483648 cannot be represented as i32',
  ],
  [
    'an index out of range',
    `${MAIN}  var a: array<f32, 4>; let b = a[4];\n}`,
    '2:35: the index must be in 0..3, got 4',
  ],
  [
    'a constant that depends on itself',
    'const a = b; const b = a;\nconst_assert a == 0;',
    "1:7: 'a' depends on itself",
  ],
  ['a name declared twice', `${MAIN}  let a = 1; let a = 2;\n}`, "2:18: 'a' is declared twice"],
  ['an assertion that fails', 'const n = 3;\nconst_assert n == 4;', '2:16: const assertion failed'],
  ['an assignment to a let', `${MAIN}  let a = 1; a = 2;\n}`, '2:14: only a variable can be assigned'],
  [
    'too few arguments',
    `fn f(a: f32) { }\n${MAIN}  f();\n}`,
    "3:3: wrong number of arguments to 'f': expected 1, got 0",
  ],
  ['a function that calls itself', `fn f() { f(); }\n${MAIN}  f();\n}`, "1:10: 'f' calls itself"],
  [
    'a path without a return value',
    'fn f(a: u32) -> u32 { if (a > 0u) { return a; } }\n@compute @workgroup_size(1) fn main(@builtin(workgroup_id) id: vec3u) { _ = f(id.x); }',
    "1:4: 'f' may end without returning a value",
  ],
  [
    'a write to a read-only variable',
    `@group(0) @binding(0) var<storage, read> x: array<f32>;\n${MAIN}  x[0] = 1.0;\n}`,
    '3:4: the variable is read-only',
  ],
  ['an override without a value', `override n: u32;\n${MAIN}  _ = n;\n}`, "1:10: the override 'n' needs a value"],
  [
    'a constant for an unknown override',
    `override n = 1;\n${MAIN}}`,
    '0:0: unknown override "m". Known: n',
    { constants: { m: 1 } },
  ],
  ['an unknown entry point', 'fn f() { }', "0:0: the shader has no compute entry point 'main'"],
  [
    'a barrier that only some invocations reach',
    `var<workgroup> n: u32;\n${MAIN}  if (n == 0u && workgroupUniformLoad(&n) == 0u) { }\n}`,
    "3:15: a barrier in the right operand of '&&' is not supported",
  ],
  [
    'a condition around a barrier that has side effects',
    `var<workgroup> n: atomic<u32>;\n${MAIN}  if (atomicAdd(&n, 1u) == 0u) { workgroupBarrier(); }\n}`,
    '3:25: a condition around a barrier must not have side effects',
  ],
  [
    'textures',
    `@group(0) @binding(0) var t: texture_2d<f32>;\n${MAIN}  _ = t;\n}`,
    "1:30: 'texture_2d' is not supported in compute kernels",
  ],
  ['f16', `enable f16;\n${MAIN}}`, "1:1: the extension 'f16' is not supported"],
];

for (const [why, source, message, options] of invalid)
  it(`rejects ${why}`, () => {
    let thrown: unknown;
    try {
      compile(source, options);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(CompileError);
    expect((thrown as CompileError).message).toBe(message);
  });
