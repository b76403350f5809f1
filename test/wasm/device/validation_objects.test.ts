import { expect, it } from 'vitest';
import { errorOf, STORAGE, USAGE } from './harness.ts';
import { buffer, compute, device, group, layout, module, other, pipelineLayout, rules, storage } from './rules.ts';

rules('createBuffer', () => buffer(), [
  ['no usage', 'Buffer usages must not be 0.', () => buffer(0)],
  ['an unknown usage', 'Buffer usages (0x10000) contain unknown bits.', () => buffer(0x10000)],
  [
    'MAP_READ together with STORAGE',
    'Buffer usages (BufferUsage::(MapRead|Storage)) is invalid. If a buffer usage contains BufferUsage::MapRead the only other allowed usage is BufferUsage::CopyDst.',
    () => buffer(USAGE.MAP_READ | USAGE.STORAGE),
  ],
  [
    'MAP_WRITE together with COPY_DST',
    'Buffer usages (BufferUsage::(MapWrite|CopyDst)) is invalid. If a buffer usage contains BufferUsage::MapWrite the only other allowed usage is BufferUsage::CopySrc.',
    () => buffer(USAGE.MAP_WRITE | USAGE.COPY_DST),
  ],
  [
    'a size over the limit',
    'Buffer size (268435460) exceeds the max buffer size limit (268435456).',
    () => buffer(STORAGE, 268435460),
  ],
]);

rules('createBindGroupLayout', () => layout(storage(0), storage(7), { binding: 3, buffer: {} }), [
  ['the same binding twice', 'Binding number 1 is used more than once.', () => layout(storage(1), storage(1))],
  [
    'a binding number above the limit',
    'Binding number (1000) exceeds the maxBindingsPerBindGroup limit (1000).',
    () => layout(storage(1000)),
  ],
  [
    'a texture',
    'Binding 2 must be a buffer: this device supports only buffers.',
    () => layout({ binding: 2, texture: {} }),
  ],
  [
    'an unknown visibility',
    'Binding 0 visibility (0x8) contains unknown bits.',
    () => layout({ visibility: 8, ...storage() } as never),
  ],
  [
    'a writable buffer that vertex shaders can see',
    'Binding 0 is a writable storage buffer, which must not be visible to ShaderStage::Vertex.',
    () => layout({ visibility: 1, ...storage() } as never),
  ],
  [
    'too many storage buffers',
    'The number of storage buffers (9) exceeds the maxStorageBuffersPerShaderStage limit (8).',
    () => layout(...Array.from({ length: 9 }, (_, binding) => storage(binding))),
  ],
]);

rules('createPipelineLayout', () => pipelineLayout(layout(storage()), null, layout(storage())), [
  [
    'five bind groups',
    'bindGroupLayoutCount (5) is larger than the maximum allowed (4).',
    () => pipelineLayout(null, null, null, null, layout(storage())),
  ],
  [
    'too many storage buffers in total',
    'The number of storage buffers (10) exceeds the maxStorageBuffersPerShaderStage limit (8).',
    () => {
      const half = layout(...[0, 1, 2, 3, 4].map(binding => storage(binding)));
      return pipelineLayout(half, half);
    },
  ],
  [
    'a layout of another device',
    '[BindGroupLayout "foreign"] is associated with another device.',
    () => pipelineLayout(other.createBindGroupLayout({ label: 'foreign', entries: [] })),
  ],
]);

rules(
  'createBindGroup',
  () => group(layout(storage()), { binding: 0, resource: { buffer: buffer(), offset: 256, size: 256 } }),
  [
    [
      'too few entries',
      'Number of entries (0) did not match the expected number of entries (1) for [BindGroupLayout "l"].',
      () => group(layout(storage())),
    ],
    [
      'a binding that the layout lacks',
      'Binding 1 is not in [BindGroupLayout "l"].',
      () => group(layout(storage()), { binding: 1, resource: { buffer: buffer() } }),
    ],
    [
      'the same binding twice',
      'Binding 0 is set more than once.',
      () =>
        group(
          layout(storage(0), storage(1)),
          { binding: 0, resource: { buffer: buffer() } },
          { binding: 0, resource: { buffer: buffer() } },
        ),
    ],
    [
      'a buffer without STORAGE',
      '[Buffer "b"] usage (BufferUsage::CopyDst) doesn\'t include BufferUsage::Storage.',
      () => group(layout(storage()), { binding: 0, resource: { buffer: buffer(USAGE.COPY_DST) } }),
    ],
    [
      'an unaligned offset',
      'Offset (128) of [Buffer "b"] at binding 0 does not satisfy the minimum storage offset alignment (256).',
      () => group(layout(storage()), { binding: 0, resource: { buffer: buffer(), offset: 128 } }),
    ],
    [
      'a range past the end of the buffer',
      'Binding range (offset: 768, size: 512) of binding 0 doesn\'t fit in the size (1024) of [Buffer "b"].',
      () => group(layout(storage()), { binding: 0, resource: { buffer: buffer(), offset: 768, size: 512 } }),
    ],
    [
      'a range of 0 bytes',
      'Binding size of binding 0, [Buffer "b"], is zero.',
      () => group(layout(storage()), { binding: 0, resource: { buffer: buffer(), size: 0 } }),
    ],
    [
      'a size that is not a multiple of 4',
      'Binding size (6) of binding 0, [Buffer "b"], is not a multiple of 4, which storage buffers require.',
      () => group(layout(storage()), { binding: 0, resource: { buffer: buffer(), size: 6 } }),
    ],
    [
      'a size below minBindingSize',
      'Binding size (12) of binding 0, [Buffer "b"], is smaller than the minimum binding size (16).',
      () => group(layout(storage(0, { minBindingSize: 16 })), { binding: 0, resource: { buffer: buffer(), size: 12 } }),
    ],
    [
      'a uniform buffer over the limit',
      'Binding size (65540) of binding 0, [Buffer "b"], is larger than the maximum binding size (65536).',
      () =>
        group(layout({ binding: 0, buffer: {} }), { binding: 0, resource: { buffer: buffer(USAGE.UNIFORM, 65540) } }),
    ],
    [
      'a buffer of another device',
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
    'an entry point that does not exist',
    'Entry point "main" doesn\'t exist in [ShaderModule "m"], whose compute entry points are [add, copy, endless, trap, scratch].',
    () => compute('main'),
  ],
  [
    'no entry point where the module has several',
    '[ShaderModule "m"] has 5 compute entry points [add, copy, endless, trap, scratch]: the pipeline must name one.',
    () => device.createComputePipeline({ layout: 'auto', compute: { module: module() } }),
  ],
  [
    'an unknown constant',
    'Pipeline overridable constant "HIDDEN" not found in [ShaderModule "m"], whose overrides are [7, AMOUNT, STORAGE].',
    () => compute('add', { HIDDEN: 1 }),
  ],
  [
    'WGSL that does not compile',
    '[ShaderModule "m"] does not compile: 2:3: unexpected token',
    () =>
      device.createComputePipeline({
        layout: 'auto',
        compute: { module: module('@compute fn add() {\n  SYNTAX ERROR }') },
      }),
  ],
  [
    'a workgroup size over the limit',
    'Entry-point uses workgroup_size(257, 1, 1) that exceeds the maximum allowed (256, 256, 64).',
    () => compute('add', { 7: 257 }),
  ],
  [
    'workgroup storage over the limit',
    'Entry point "add": the use of workgroup storage (16388 bytes) is larger than the maximum allowed (16384 bytes).',
    () => compute('add', { STORAGE: 16388 }),
  ],
  [
    'a binding that is missing from the layout',
    'The binding "x" (group 0, binding 0) of [ShaderModule "m"] is missing from [PipelineLayout "p"].',
    () => compute('add', {}, pipelineLayout()),
  ],
  [
    'a binding of another type',
    'The binding "x" (group 0, binding 0) of [ShaderModule "m"] has type storage in the shader, which doesn\'t match read-only-storage in [BindGroupLayout "l"].',
    () => compute('add', {}, pipelineLayout(layout(storage(0, { type: 'read-only-storage' })))),
  ],
  [
    'a binding that is not visible to compute',
    'The binding "x" (group 0, binding 0) of [ShaderModule "m"] is not visible to compute in [BindGroupLayout "l"].',
    () => compute('add', {}, pipelineLayout(layout({ visibility: 2, ...storage() } as never))),
  ],
  [
    'a minBindingSize below what the shader needs',
    'The binding "to" (group 0, binding 1) of [ShaderModule "m"] needs at least 16 bytes, more than the minBindingSize (8) of [BindGroupLayout "l"].',
    () =>
      compute(
        'copy',
        {},
        pipelineLayout(layout(storage(0, { type: 'read-only-storage' }), storage(1, { minBindingSize: 8 }))),
      ),
  ],
  [
    'an invalid layout',
    '[Invalid PipelineLayout "p"] is invalid.',
    async () => {
      device.pushErrorScope('validation');
      const invalid = pipelineLayout(null, null, null, null, null);
      await device.popErrorScope();
      compute('add', {}, invalid);
    },
  ],
]);

it('a module whose text is not WGSL is invalid', async () => {
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

it('createComputePipelineAsync rejects and reports nothing to error scopes', async () => {
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

it('getCompilationInfo returns the line and column of an error', async () => {
  const { messages } = await module('@compute fn add() {\n  SYNTAX ERROR }').getCompilationInfo();
  expect(messages).toEqual([
    { type: 'error', message: 'unexpected token', lineNum: 2, linePos: 3, offset: 22, length: 0 },
  ]);
  expect((await module().getCompilationInfo()).messages).toEqual([]);
});
