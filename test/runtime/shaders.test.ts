import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ShaderError } from '../../src/errors/index.ts';
import { Device } from '../../src/runtime/device.ts';
import { defineKernel } from '../../src/runtime/kernel.ts';
import { kernelOf } from './kernels.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ adapter: 'swiftshader' });
});
afterAll(() => device.dispose());

const OUTPUT = '@group(0) @binding(0) var<storage, read_write> y: array<f32>;';

/** Runs a kernel, and expects the same error from the submit and from reading its output. */
async function expectFailure(kernel: ReturnType<typeof kernelOf>, message: string): Promise<void> {
  const { y } = device.run(kernel, {}, {});
  await expect(device.submit()).rejects.toThrow(new ShaderError(message));
  await expect(y.read()).rejects.toThrow(message);
  y.dispose();
}

describe('a shader that does not compile', () => {
  it('is reported with file, line and column', async () => {
    const kernel = kernelOf('pads', `${OUTPUT}\n@compute @workgroup_size(1)\nfn main() {\n  y[0] = f32(pad_w);\n}`);
    await expectFailure(kernel, `pads.wgsl:4:14: unresolved value 'pad_w'`);
  });

  it('is reported again at the next run, and other shaders still run', async () => {
    const kernel = kernelOf('types', `${OUTPUT}\n@compute @workgroup_size(1)\nfn main() {\n  y[0] = 1u;\n}`);
    await expectFailure(kernel, `types.wgsl:4:8: cannot assign 'u32' to 'f32'`);
    await expectFailure(kernel, `types.wgsl:4:8: cannot assign 'u32' to 'f32'`);
    const good = kernelOf(
      'good',
      `${OUTPUT}\n@compute @workgroup_size(64)\nfn main(@builtin(local_invocation_index) i: u32) { y[i] = 7.0; }`,
    );
    const { y } = device.run(good, {}, {});
    expect(await y.read()).toEqual(new Float32Array(64).fill(7));
    y.dispose();
  });

  it('is reported if it exceeds a limit of the adapter', async () => {
    const kernel = kernelOf('wide', `${OUTPUT}\n@compute @workgroup_size(4096)\nfn main() { y[0] = 1.0; }`);
    const { maxComputeWorkgroupSizeX: x, maxComputeWorkgroupSizeY: y, maxComputeWorkgroupSizeZ: z } = device.limits;
    await expectFailure(
      kernel,
      `wide.wgsl: Entry-point uses workgroup_size(4096, 1, 1) that exceeds the maximum allowed (${x}, ${y}, ${z}).`,
    );
  });

  it('is reported if its plan sets an unknown override', async () => {
    const shader = `${OUTPUT}\noverride KERNEL: u32 = 1;\noverride RELU: bool = false;\n@compute @workgroup_size(1)\nfn main() { y[0] = f32(KERNEL) * select(1.0, 2.0, RELU); }`;
    await expectFailure(
      kernelOf('window', shader, { constants: { KERNEL_WIDTH: 3 } }),
      'window.wgsl: unknown override "KERNEL_WIDTH". Known: KERNEL, RELU',
    );
  });
});

describe('Params', () => {
  const shader = `struct Params { width: u32, scale: f32, shift: i32 }\n${OUTPUT}\n@group(0) @binding(1) var<uniform> params: Params;
@compute @workgroup_size(1)
fn main() { y[0] = f32(params.width) * params.scale + f32(params.shift); }`;

  it('are packed by name and type', async () => {
    const { y } = device.run(kernelOf('named', shader, { params: { shift: -3, scale: 0.5, width: 10 } }), {}, {});
    expect((await y.read())[0]).toBe(2);
    y.dispose();
  });

  it.each([
    [
      { columns: 10, scale: 0.5, shift: 0 },
      'named.wgsl: Params: the shader has [width, scale, shift] but the descriptor has [columns, scale, shift]',
    ],
    [
      { width: 10, scale: 0.5 },
      'named.wgsl: Params: the shader has [width, scale, shift] but the descriptor has [width, scale]',
    ],
    [
      { width: 10, scale: 0.5, shift: 0, relu: 1 },
      'named.wgsl: Params: the shader has [width, scale, shift] but the descriptor has [width, scale, shift, relu]',
    ],
    [{ width: 2.5, scale: 0.5, shift: 0 }, 'named.wgsl: Params.width must be a u32, got 2.5'],
    [{ width: Number.NaN, scale: 0.5, shift: 0 }, 'named.wgsl: Params.width must be a u32, got NaN'],
    [{ width: -1, scale: 0.5, shift: 0 }, 'named.wgsl: Params.width must be a u32, got -1'],
    [{ width: 2 ** 32, scale: 0.5, shift: 0 }, 'named.wgsl: Params.width must be a u32, got 4294967296'],
    [{ width: 1, scale: 0.5, shift: -(2 ** 31) - 1 }, 'named.wgsl: Params.shift must be an i32, got -2147483649'],
  ])('reject %j', (params, message) => {
    expect(() => device.run(kernelOf('named', shader, { params }), {}, {})).toThrow(new ShaderError(message));
  });
});

describe('a descriptor and its shader', () => {
  const main = '@compute @workgroup_size(1)\nfn main() { y[0] = x[0]; }';
  const define =
    (shader: string, inputs: string[] = ['x']) =>
    () =>
      defineKernel({
        name: 'pair',
        shader,
        inputs,
        outputs: ['y'],
        plan: (_shapes, _options: Record<never, never>) => ({ outputs: { y: [1] }, workgroups: [1, 1, 1] }),
      });
  const X = '@group(0) @binding(0) var<storage, read> x: array<f32>;';
  const Y = '@group(0) @binding(1) var<storage, read_write> y: array<f32>;';

  it('match', () => {
    expect(define(`${X}${Y}${main}`)().interface.bindings).toEqual([
      { name: 'x', type: 'read-only-storage' },
      { name: 'y', type: 'storage' },
    ]);
  });

  it.each([
    [
      'other names',
      `${X}${Y}${main}`,
      ['input'],
      'pair.wgsl: bindings: the shader has [x, y] but the descriptor has [input, y]',
    ],
    [
      'a missing binding',
      `${X}${Y}${main}`,
      ['x', 'weight'],
      'pair.wgsl: bindings: the shader has [x, y] but the descriptor has [x, weight, y]',
    ],
    [
      'another order',
      `${X.replace('(0) var', '(1) var')}${Y.replace('(1) var', '(0) var')}${main}`,
      ['x'],
      'pair.wgsl: bindings must be in the order [x, y], got [y, x]',
    ],
    [
      'a gap between bindings',
      `${X}${Y.replace('(1) var', '(2) var')}${main}`,
      ['x'],
      'pair.wgsl: has no @binding(1). Number the bindings from 0 without gaps',
    ],
    [
      'two groups',
      `${X}${Y.replace('(0)', '(1)')}${main}`,
      ['x'],
      'pair.wgsl: every binding must be in @group(0), got 2 groups',
    ],
    [
      'another entry point',
      `${X}${Y}${main.replace('main', 'start')}`,
      ['x'],
      'pair.wgsl: must have exactly one compute entry point, named "main"',
    ],
    [
      'two entry points',
      `${X}${Y}${main}${main.replace('main', 'start')}`,
      ['x'],
      'pair.wgsl: must have exactly one compute entry point, named "main"',
    ],
    [
      'a vector in Params',
      `struct Params { size: vec2u }\n${X}${Y}@group(0) @binding(2) var<uniform> params: Params;\n${main}`,
      ['x'],
      'pair.wgsl: Params.size must be u32, i32 or f32, got vec2u',
    ],
    [
      'text that is not WGSL',
      'layout(binding = 0) buffer x;',
      ['x'],
      'pair.wgsl: must have exactly one compute entry point, named "main"',
    ],
  ])('are rejected: %s', (_, shader, inputs, message) => {
    expect(define(shader, inputs)).toThrow(new ShaderError(message));
  });
});
