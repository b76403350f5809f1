import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WasmDevice } from '../../../src/wasm/device/device.ts';
import { requestWasmAdapter } from '../../../src/wasm/index.ts';
import { bufferOf, errorOf, floatsOf, runPass, STORAGE, USAGE } from './harness.ts';

/** A device as users get it: with the real compiler and WebGPU's default limits. */
let device: WasmDevice;
beforeAll(async () => {
  device = await open();
});
afterAll(() => device.destroy());

async function open(threads = 2): Promise<WasmDevice> {
  return (await (await requestWasmAdapter({ threads })).requestDevice()) as WasmDevice;
}

const ADD_ONE = `
  @group(0) @binding(0) var<storage, read_write> x: array<f32>;
  @compute @workgroup_size(1) fn main(@builtin(workgroup_id) id: vec3u) { x[id.x] += 1.0; }`;

function pipelineOf(code: string, on = device): GPUComputePipeline {
  return on.createComputePipeline({ layout: 'auto', compute: { module: on.createShaderModule({ code }) } });
}

function bind(pipeline: GPUComputePipeline, binding: GPUBufferBinding, on: GPUDevice = device): GPUBindGroup {
  return on.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: binding }] });
}

/** Dispatches `ADD_ONE` to check that the device still works. */
async function addsOne(on: WasmDevice): Promise<void> {
  const x = bufferOf(on, [1, 2]);
  const pipeline = pipelineOf(ADD_ONE, on);
  runPass(on, pass => {
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bind(pipeline, { buffer: x }, on));
    pass.dispatchWorkgroups(2);
  });
  expect(await floatsOf(on, x)).toEqual([2, 3]);
  x.destroy();
}

describe('a buffer', () => {
  const make = (size: number) => errorOf(device, () => device.createBuffer({ label: 'b', size, usage: STORAGE }));
  it('may be as large as the limit, but not larger', async () => {
    expect(await make(268435456)).toBeUndefined();
    expect(await make(268435457)).toBe(
      'GPUValidationError: Buffer size (268435457) exceeds the max buffer size limit (268435456).',
    );
    expect(await make(Number.MAX_SAFE_INTEGER)).toMatch(/^GPUValidationError: Buffer size/);
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('of %d bytes throws a TypeError', size => {
    expect(() => device.createBuffer({ size, usage: STORAGE })).toThrow(TypeError);
  });

  it.each([
    ['read-only-storage', STORAGE, 134217728],
    ['storage', STORAGE, 134217728],
    ['uniform', USAGE.UNIFORM, 65536],
  ] as const)('can be bound as %s up to the limit', async (type, usage, most) => {
    const layout = device.createBindGroupLayout({ entries: [{ binding: 0, visibility: 4, buffer: { type } }] });
    const buffer = device.createBuffer({ label: 'b', size: most + 4, usage });
    const bound = (size: number) =>
      errorOf(device, () => device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer, size } }] }));
    expect(await bound(most)).toBeUndefined();
    expect(await bound(most + 4)).toBe(
      `GPUValidationError: Binding size (${most + 4}) of binding 0, [Buffer "b"], is larger than the maximum binding size (${most}).`,
    );
    buffer.destroy();
  });
});

describe('a workgroup', () => {
  const made = (size: string, module = '', body = '') =>
    errorOf(device, () => pipelineOf(`${module} @compute @workgroup_size(${size}) fn main() { ${body} }`));

  it.each([
    ['256', undefined],
    ['257', 'Entry-point uses workgroup_size(257, 1, 1) that exceeds the maximum allowed (256, 256, 64).'],
    ['1, 257', 'Entry-point uses workgroup_size(1, 257, 1) that exceeds the maximum allowed (256, 256, 64).'],
    ['1, 1, 64', undefined],
    ['1, 1, 65', 'Entry-point uses workgroup_size(1, 1, 65) that exceeds the maximum allowed (256, 256, 64).'],
    ['16, 16', undefined],
    ['16, 8, 4', 'Entry point "main": the number of workgroup invocations (512) exceeds the maximum allowed (256).'],
  ])('of size %s is checked against the limits', async (size, message) => {
    expect(await made(size)).toBe(message && `GPUValidationError: ${message}`);
  });

  it.each([
    ['4096', undefined],
    ['4097', '16388 bytes'],
    ['1000000000', '4000000000 bytes'],
  ])('with a workgroup array of %s floats is checked against the limit', async (count, bytes) => {
    const found = await made('1', `var<workgroup> a: array<f32, ${count}>;`, 'a[0] = 1.0;');
    expect(found).toBe(
      bytes &&
        `GPUValidationError: Entry point "main": the use of workgroup storage (${bytes}) is larger than the maximum allowed (16384 bytes).`,
    );
  });
});

describe('the bindings of a pipeline', () => {
  const layout = (count: number, buffer: GPUBufferBindingLayout) =>
    device.createBindGroupLayout({
      entries: Array.from({ length: count }, (_, binding) => ({ binding, visibility: 4, buffer })),
    });
  const pipelineLayout = (...bindGroupLayouts: GPUBindGroupLayout[]) =>
    device.createPipelineLayout({ bindGroupLayouts });

  it.each([
    ['storage buffers', 8, 'maxStorageBuffersPerShaderStage', { type: 'storage' }],
    ['uniform buffers', 12, 'maxUniformBuffersPerShaderStage', { type: 'uniform' }],
    ['dynamic uniform buffers', 8, 'maxDynamicUniformBuffersPerPipelineLayout', { hasDynamicOffset: true }],
    [
      'dynamic storage buffers',
      4,
      'maxDynamicStorageBuffersPerPipelineLayout',
      { type: 'storage', hasDynamicOffset: true },
    ],
  ] as const)('%s are limited to %i', async (_, most, limit, buffer) => {
    expect(await errorOf(device, () => pipelineLayout(layout(most, buffer)))).toBeUndefined();
    const more = await errorOf(device, () => pipelineLayout(layout(most, buffer), layout(1, buffer)));
    expect(more).toContain(`(${most + 1}) exceeds the ${limit} limit (${most}).`);
  });

  it('have the same limits with an automatic layout', async () => {
    const buffers = Array.from({ length: 9 }, (_, i) => `@group(0) @binding(${i}) var<storage> b${i}: u32;`);
    const sum = buffers.map((_, i) => `b${i}`).join(' + ');
    const made = () => pipelineOf(`${buffers.join('\n')} @compute @workgroup_size(1) fn main() { _ = ${sum}; }`);
    expect(await errorOf(device, made)).toMatch(
      /^GPUValidationError: .*maxStorageBuffersPerShaderStage limit \(8\)\.$/,
    );
    const high = '@group(4) @binding(0) var<storage> b: u32; @compute @workgroup_size(1) fn main() { _ = b; }';
    expect(await errorOf(device, () => pipelineOf(high))).toMatch(/^GPUValidationError: /);
  });
});

describe('a dispatch', () => {
  const x = () => bufferOf(device, [0]);
  const dispatched = (...counts: [number, number?, number?]) =>
    errorOf(device, () => {
      const pipeline = pipelineOf(ADD_ONE);
      runPass(device, pass => {
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, bind(pipeline, { buffer: x() }));
        pass.dispatchWorkgroups(...counts);
      });
    });

  it.each([
    [[65536], 'Dispatch workgroup count X (65536) exceeds max compute workgroups per dimension (65535).'],
    [[1, 65536], 'Dispatch workgroup count Y (65536) exceeds max compute workgroups per dimension (65535).'],
    [
      [0, 0, 4294967295],
      'Dispatch workgroup count Z (4294967295) exceeds max compute workgroups per dimension (65535).',
    ],
    [
      [65535, 65535, 65535],
      'Dispatch workgroup count (281462092005375) exceeds the maximum of this device (1073741824).',
    ],
  ])('refuses %j workgroups', async (counts, message) => {
    expect(await dispatched(...(counts as [number]))).toBe(`GPUValidationError: ${message}`);
  });

  it.each([-1, 2 ** 32, Number.NaN])('throws a TypeError for %d workgroups', async count => {
    await expect(dispatched(count)).rejects.toThrow(TypeError);
  });

  it.each([[[65536, 1, 1]], [[1, 65536, 1]], [[1, 1, 0xffffffff]], [[65535, 65535, 65535]], [[0, 5, 5]]])(
    'with indirect workgroup counts %j does nothing',
    async counts => {
      const asked = device.createBuffer({ size: 16, usage: USAGE.INDIRECT | USAGE.COPY_DST });
      device.queue.writeBuffer(asked, 0, Uint32Array.from(counts));
      const [buffer, pipeline] = [x(), pipelineOf(ADD_ONE)];
      const error = await errorOf(device, () =>
        runPass(device, pass => {
          pass.setPipeline(pipeline);
          pass.setBindGroup(0, bind(pipeline, { buffer }));
          pass.dispatchWorkgroupsIndirect(asked, 0);
          pass.dispatchWorkgroups(1);
        }),
      );
      expect([error, await floatsOf(device, buffer)]).toEqual([undefined, [1]]);
    },
  );
});

describe('an excessive shader is refused within 5 seconds', () => {
  const calls = Array.from(
    { length: 40 },
    (_, i) => `fn f${i + 1}(a: f32) -> f32 { return f${i}(a) + f${i}(a * 2.0); }`,
  );
  const main = (body: string, module = '') =>
    `@group(0) @binding(0) var<storage, read_write> x: array<f32>; ${module} @compute @workgroup_size(1) fn main() { ${body} }`;

  it.each([
    ['a private variable of 400 MB', main('a[u32(x[1])] = 2.0;', 'var<private> a: array<f32, 100000000>;')],
    ['a variable of 4 GB', main('var a: array<f32, 1073741825>; a[u32(x[1])] = 2.0;')],
    ['a variable of 16 GB', main('var a: array<array<f32, 65536>, 65536>; x[0] = a[u32(x[1])][7];')],
    ['a value of 4 GB', main('x[0] = array<f32, 1000000000>()[3];')],
    [
      'a structure of 192 kB',
      main('var a: S; a.a[u32(x[1])] = 1.0;', 'struct S { a: array<f32, 16000>, b: array<f32, 32000> }'),
    ],
    ['2^40 calls', main('x[0] = f40(x[1]);', `fn f0(a: f32) -> f32 { return a; } ${calls.join('\n')}`)],
    [
      '2^40 calls in a loop',
      main(
        'for (var i = 0; i < 4; i++) { x[0] = f40(x[1]); }',
        `fn f0(a: f32) -> f32 { return a; } ${calls.join('\n')}`,
      ),
    ],
    ['50,000 nested parentheses', main(`x[0] = ${'('.repeat(50_000)}1.0${')'.repeat(50_000)};`)],
    ['50,000 nested blocks', main('{'.repeat(50_000) + '}'.repeat(50_000))],
    ['50,000 nested comments that are not closed', main('/*'.repeat(50_000))],
    ['50,000 minus signs', main(`x[0] = ${'-'.repeat(50_000)}1.0;`)],
  ])('%s', async (_, code) => {
    const started = performance.now();
    expect(await errorOf(device, () => pipelineOf(code))).toMatch(/^GPUValidationError: /);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

it.each([0, 1, 2])(
  'running out of memory is reported to the error scope, and the device with %i threads still works',
  async threads => {
    const own = await open(threads);
    const held: GPUBuffer[] = [];
    let error: string | undefined;
    while (error === undefined && held.length < 20)
      error = await errorOf(own, () =>
        held.push(own.createBuffer({ label: 'large', size: 268435456, usage: STORAGE })),
      );
    expect(error).toMatch(
      /^GPUOutOfMemoryError: Failed to allocate 268435456 bytes for \[Buffer "large"\]: \d+ bytes are in use/,
    );
    expect(held.length).toBeGreaterThan(3);
    await addsOne(own);
    const none = held.at(-1)!;
    const pipeline = pipelineOf(ADD_ONE, own);
    expect(await errorOf(own, () => bind(pipeline, { buffer: none }, own))).toBe(
      'GPUValidationError: [Invalid Buffer "large"] is invalid.',
    );
    for (const buffer of held) buffer.destroy();
    expect(await errorOf(own, () => own.createBuffer({ size: 268435456, usage: STORAGE }))).toBeUndefined();
    await addsOne(own);
    own.destroy();
  },
);

it('running out of memory in a submit is reported to the error scope, and nothing runs', async () => {
  const own = await open();
  const x = bufferOf(own, [1, 2]);
  const pipeline = pipelineOf(ADD_ONE, own);
  const group = bind(pipeline, { buffer: x }, own);
  const fill: GPUBuffer[] = [];
  for (const size of [268435456, 1 << 24, 1 << 20, 1 << 16, 4096, 64])
    while ((await errorOf(own, () => fill.push(own.createBuffer({ size, usage: STORAGE })))) === undefined);
  const submitted = await errorOf(own, () =>
    runPass(own, pass => {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(2);
    }),
  );
  expect(submitted).toMatch(/^GPUOutOfMemoryError: Out of memory for the 1 commands of a submit/);
  for (const buffer of fill) buffer.destroy();
  expect(await floatsOf(own, x)).toEqual([1, 2]);
  await addsOne(own);
  own.destroy();
});
