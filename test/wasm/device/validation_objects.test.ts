import { expect, it } from 'vitest';
import { errorOf, STORAGE, USAGE } from './harness.ts';
import { buffer, compute, device, group, layout, module, other, pipelineLayout, rules, storage } from './rules.ts';

rules('createBuffer', () => buffer(), [
  ['without usage', 'Buffer usages must not be 0.', () => buffer(0)],
  ['with unknown usage', 'Buffer usages (0x10000) have bits that are not known.', () => buffer(0x10000)],
  [
    'to read from and compute with',
    'Buffer usages (BufferUsage::(MapRead|Storage)) is invalid. If a buffer usage contains BufferUsage::MapRead the only other allowed usage is BufferUsage::CopyDst.',
    () => buffer(USAGE.MAP_READ | USAGE.STORAGE),
  ],
  [
    'to write to and copy to',
    'Buffer usages (BufferUsage::(MapWrite|CopyDst)) is invalid. If a buffer usage contains BufferUsage::MapWrite the only other allowed usage is BufferUsage::CopySrc.',
    () => buffer(USAGE.MAP_WRITE | USAGE.COPY_DST),
  ],
  [
    'over the limit',
    'Buffer size (268435460) exceeds the max buffer size limit (268435456).',
    () => buffer(STORAGE, 268435460),
  ],
]);

rules('createBindGroupLayout', () => layout(storage(0), storage(7), { binding: 3, buffer: {} }), [
  ['with a binding twice', 'Binding number 1 is used more than once.', () => layout(storage(1), storage(1))],
  [
    'with a binding too high',
    'Binding number (1000) exceeds the maxBindingsPerBindGroup limit (1000).',
    () => layout(storage(1000)),
  ],
  [
    'with a texture',
    'Binding 2 must be a buffer: this device computes on buffers alone.',
    () => layout({ binding: 2, texture: {} }),
  ],
  [
    'with unknown visibility',
    'Binding 0 visibility (0x8) has bits that are not known.',
    () => layout({ visibility: 8, ...storage() } as never),
  ],
  [
    'with a writable buffer for vertices',
    'Binding 0 is a writable storage buffer, which must not be visible to ShaderStage::Vertex.',
    () => layout({ visibility: 1, ...storage() } as never),
  ],
  [
    'with too many storage buffers',
    'The number of storage buffers (9) exceeds the maxStorageBuffersPerShaderStage limit (8).',
    () => layout(...Array.from({ length: 9 }, (_, binding) => storage(binding))),
  ],
]);

rules('createPipelineLayout', () => pipelineLayout(layout(storage()), null, layout(storage())), [
  [
    'with five groups',
    'bindGroupLayoutCount (5) is larger than the maximum allowed (4).',
    () => pipelineLayout(null, null, null, null, layout(storage())),
  ],
  [
    'with too many buffers in all',
    'The number of storage buffers (10) exceeds the maxStorageBuffersPerShaderStage limit (8).',
    () => {
      const half = layout(...[0, 1, 2, 3, 4].map(binding => storage(binding)));
      return pipelineLayout(half, half);
    },
  ],
  [
    'from another device',
    '[BindGroupLayout "foreign"] is associated with another device.',
    () => pipelineLayout(other.createBindGroupLayout({ label: 'foreign', entries: [] })),
  ],
]);

rules(
  'createBindGroup',
  () => group(layout(storage()), { binding: 0, resource: { buffer: buffer(), offset: 256, size: 256 } }),
  [
    [
      'with too few entries',
      'Number of entries (0) did not match the expected number of entries (1) for [BindGroupLayout "l"].',
      () => group(layout(storage())),
    ],
    [
      'with an unknown binding',
      'Binding 1 is not in [BindGroupLayout "l"].',
      () => group(layout(storage()), { binding: 1, resource: { buffer: buffer() } }),
    ],
    [
      'with a binding twice',
      'Binding 0 is set more than once.',
      () =>
        group(
          layout(storage(0), storage(1)),
          { binding: 0, resource: { buffer: buffer() } },
          { binding: 0, resource: { buffer: buffer() } },
        ),
    ],
    [
      'of a buffer without the usage',
      '[Buffer "b"] usage (BufferUsage::CopyDst) doesn\'t include BufferUsage::Storage.',
      () => group(layout(storage()), { binding: 0, resource: { buffer: buffer(USAGE.COPY_DST) } }),
    ],
    [
      'at an odd offset',
      'Offset (128) of [Buffer "b"] at binding 0 does not satisfy the minimum storage offset alignment (256).',
      () => group(layout(storage()), { binding: 0, resource: { buffer: buffer(), offset: 128 } }),
    ],
    [
      'past the end',
      'Binding range (offset: 768, size: 512) of binding 0 doesn\'t fit in the size (1024) of [Buffer "b"].',
      () => group(layout(storage()), { binding: 0, resource: { buffer: buffer(), offset: 768, size: 512 } }),
    ],
    [
      'of nothing',
      'Binding size of binding 0, [Buffer "b"], is zero.',
      () => group(layout(storage()), { binding: 0, resource: { buffer: buffer(), size: 0 } }),
    ],
    [
      'of half a word',
      'Binding size (6) of binding 0, [Buffer "b"], isn\'t a multiple of 4 as storage buffers demand.',
      () => group(layout(storage()), { binding: 0, resource: { buffer: buffer(), size: 6 } }),
    ],
    [
      'below the least size',
      'Binding size (12) of binding 0, [Buffer "b"], is smaller than the minimum binding size (16).',
      () => group(layout(storage(0, { minBindingSize: 16 })), { binding: 0, resource: { buffer: buffer(), size: 12 } }),
    ],
    [
      'of a uniform buffer over the limit',
      'Binding size (65540) of binding 0, [Buffer "b"], is larger than the maximum binding size (65536).',
      () =>
        group(layout({ binding: 0, buffer: {} }), { binding: 0, resource: { buffer: buffer(USAGE.UNIFORM, 65540) } }),
    ],
    [
      'of a buffer of another device',
      '[Buffer "foreign"] is associated with another device.',
      () =>
        group(layout(storage()), {
          binding: 0,
          resource: { buffer: other.createBuffer({ label: 'foreign', size: 16, usage: STORAGE }) },
        }),
    ],
  ],
);

rules('createComputePipeline', () => compute('add', { 7: 32, AMOUNT: 2 }, pipelineLayout(layout(storage()))), [
  [
    'of no entry point',
    'Entry point "main" doesn\'t exist in [ShaderModule "m"]: it has [add, copy, endless, trap, scratch] for compute.',
    () => compute('main'),
  ],
  [
    'of one entry point of many',
    '[ShaderModule "m"] has 5 compute entry points [add, copy, endless, trap, scratch]: the pipeline must name one.',
    () => device.createComputePipeline({ layout: 'auto', compute: { module: module() } }),
  ],
  [
    'with an unknown constant',
    'Pipeline overridable constant "HIDDEN" not found in [ShaderModule "m"]: it has [7, AMOUNT, STORAGE].',
    () => compute('add', { HIDDEN: 1 }),
  ],
  [
    'of WGSL that does not compile',
    '[ShaderModule "m"] does not compile: 2:3: unexpected token',
    () =>
      device.createComputePipeline({
        layout: 'auto',
        compute: { module: module('@compute fn add() {\n  SYNTAX ERROR }') },
      }),
  ],
  [
    'of wide workgroups',
    'Entry-point uses workgroup_size(257, 1, 1) that exceeds the maximum allowed (256, 256, 64).',
    () => compute('add', { 7: 257 }),
  ],
  [
    'of greedy workgroups',
    'Entry point "add": the use of workgroup storage (16388 bytes) is larger than the maximum allowed (16384 bytes).',
    () => compute('add', { STORAGE: 16388 }),
  ],
  [
    'with a binding missing from its layout',
    'The binding "x" (group 0, binding 0) of [ShaderModule "m"] is missing from [PipelineLayout "p"].',
    () => compute('add', {}, pipelineLayout()),
  ],
  [
    'with a binding of another type',
    'The binding "x" (group 0, binding 0) of [ShaderModule "m"] has type storage in the shader, which doesn\'t match read-only-storage in [BindGroupLayout "l"].',
    () => compute('add', {}, pipelineLayout(layout(storage(0, { type: 'read-only-storage' })))),
  ],
  [
    'with a binding that is not for compute',
    'The binding "x" (group 0, binding 0) of [ShaderModule "m"] is not visible to compute in [BindGroupLayout "l"].',
    () => compute('add', {}, pipelineLayout(layout({ visibility: 2, ...storage() } as never))),
  ],
  [
    'with bindings too small',
    'The binding "to" (group 0, binding 1) of [ShaderModule "m"] needs at least 16 bytes, more than the minBindingSize (8) of [BindGroupLayout "l"].',
    () =>
      compute(
        'copy',
        {},
        pipelineLayout(layout(storage(0, { type: 'read-only-storage' }), storage(1, { minBindingSize: 8 }))),
      ),
  ],
  [
    'with a layout that is invalid',
    '[Invalid PipelineLayout "p"] is invalid.',
    async () => {
      device.pushErrorScope('validation');
      const invalid = pipelineLayout(null, null, null, null, null);
      await device.popErrorScope();
      compute('add', {}, invalid);
    },
  ],
]);

it('a module that is no WGSL is invalid', async () => {
  let made!: GPUShaderModule;
  expect(
    await errorOf(device, () => {
      made = module('NOT WGSL');
    }),
  ).toBe('GPUValidationError: Error while parsing WGSL: 1:1: no declaration');
  expect((await made.getCompilationInfo()).messages).toEqual([
    { type: 'error', message: 'no declaration', lineNum: 1, linePos: 1, offset: 0, length: 0 },
  ]);
  const compute = { module: made, entryPoint: 'add' };
  expect(await errorOf(device, () => device.createComputePipeline({ layout: 'auto', compute }))).toBe(
    'GPUValidationError: [Invalid ShaderModule "m"] is invalid.',
  );
});

it('createComputePipelineAsync rejects, and reports to no scope', async () => {
  const attempt = () =>
    device.createComputePipelineAsync({
      label: 'c',
      layout: 'auto',
      compute: { module: module(), entryPoint: 'main' },
    });
  expect(
    await errorOf(device, () =>
      expect(attempt()).rejects.toMatchObject({ name: 'GPUPipelineError', reason: 'validation' }),
    ),
  ).toBeUndefined();
});

it('getCompilationInfo has the place of an error', async () => {
  const { messages } = await module('@compute fn add() {\n  SYNTAX ERROR }').getCompilationInfo();
  expect(messages).toEqual([
    { type: 'error', message: 'unexpected token', lineNum: 2, linePos: 3, offset: 22, length: 0 },
  ]);
  expect((await module().getCompilationInfo()).messages).toEqual([]);
});
