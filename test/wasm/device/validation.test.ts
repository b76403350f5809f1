import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WasmDevice } from '../../../src/wasm/device/device.ts';
import { SOURCE } from './fake_compiler.ts';
import { bufferOf, errorOf, groupOf, openFake, pipelineOf, runPass, STORAGE, USAGE } from './harness.ts';

let device: WasmDevice;
let other: WasmDevice;
beforeAll(async () => {
  [device, other] = await Promise.all([openFake({ requiredFeatures: ['timestamp-query'] }), openFake()]);
});
afterAll(() => {
  device.destroy();
  other.destroy();
});

/** One call that breaks one rule, and the whole first line of what is reported. */
type Rule = readonly [name: string, message: string, work: () => unknown];

function rules(what: string, valid: () => unknown, broken: readonly Rule[]): void {
  describe(what, () => {
    it('breaks no rule as such', async () => expect(await errorOf(device, valid)).toBeUndefined());
    for (const [name, message, work] of broken)
      it(name, async () => expect(await errorOf(device, work)).toBe(`GPUValidationError: ${message}`));
  });
}

const buffer = (usage = STORAGE, size = 1024, label = 'b') => device.createBuffer({ label, size, usage });
const layout = (...entries: Omit<GPUBindGroupLayoutEntry, 'visibility'>[]) =>
  device.createBindGroupLayout({ label: 'l', entries: entries.map(entry => ({ visibility: 4, ...entry })) });
const storage = (binding = 0, more: GPUBufferBindingLayout = {}) => ({
  binding,
  buffer: { type: 'storage' as const, ...more },
});
const group = (of: GPUBindGroupLayout, ...entries: GPUBindGroupEntry[]) =>
  device.createBindGroup({ label: 'g', layout: of, entries });

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

const pipelineLayout = (...bindGroupLayouts: (GPUBindGroupLayout | null)[]) =>
  device.createPipelineLayout({ label: 'p', bindGroupLayouts });

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

const module = (code = SOURCE) => device.createShaderModule({ label: 'm', code });
const compute = (entryPoint = 'add', constants = {}, of: GPUPipelineLayout | 'auto' = 'auto') =>
  device.createComputePipeline({ label: 'c', layout: of, compute: { module: module(), entryPoint, constants } });

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
    'Entry point "add": workgroup size (257, 1, 1) exceeds the maximum allowed (256, 256, 64).',
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

const encode = (record: (encoder: GPUCommandEncoder) => void) => () => {
  const encoder = device.createCommandEncoder({ label: 'e' });
  record(encoder);
  encoder.finish();
};
const querySet = (count = 2) => device.createQuerySet({ label: 'q', type: 'timestamp', count });

rules(
  'an encoder',
  encode(encoder => encoder.copyBufferToBuffer(buffer(), 4, buffer(), 8, 16)),
  [
    [
      'copies from a buffer without the usage',
      '[Buffer "b"] usage (BufferUsage::Storage) doesn\'t include BufferUsage::CopySrc.',
      encode(encoder => encoder.copyBufferToBuffer(buffer(USAGE.STORAGE), 0, buffer(), 0, 4)),
    ],
    [
      'copies to a buffer without the usage',
      '[Buffer "b"] usage (BufferUsage::Storage) doesn\'t include BufferUsage::CopyDst.',
      encode(encoder => encoder.copyBufferToBuffer(buffer(), 0, buffer(USAGE.STORAGE), 0, 4)),
    ],
    [
      'copies at an odd offset',
      'Copy source offset (2) is not a multiple of 4.',
      encode(encoder => encoder.copyBufferToBuffer(buffer(), 2, buffer(), 0, 4)),
    ],
    [
      'copies an odd size',
      'Copy source size (6) is not a multiple of 4.',
      encode(encoder => encoder.copyBufferToBuffer(buffer(), 0, buffer(), 0, 6)),
    ],
    [
      'copies past the end',
      'Copy destination range (offset: 1020, size: 8) does not fit in the size (1024) of [Buffer "b"].',
      encode(encoder => encoder.copyBufferToBuffer(buffer(), 0, buffer(), 1020, 8)),
    ],
    [
      'copies a buffer to itself',
      'Source and destination are the same [Buffer "b"].',
      encode(encoder => {
        const b = buffer();
        encoder.copyBufferToBuffer(b, 0, b, 512, 4);
      }),
    ],
    [
      'clears past the end',
      'Clear range (offset: 1020, size: 8) does not fit in the size (1024) of [Buffer "b"].',
      encode(encoder => encoder.clearBuffer(buffer(), 1020, 8)),
    ],
    [
      'is left in a pass',
      '[CommandEncoder "e"] has a pass that was not ended.',
      encode(encoder => encoder.beginComputePass()),
    ],
    [
      'is used in a pass',
      '[CommandEncoder "e"] is locked while a pass is open.',
      encode(encoder => {
        const pass = encoder.beginComputePass();
        encoder.clearBuffer(buffer());
        pass.end();
      }),
    ],
    [
      'has an open debug group',
      '1 debug groups of [CommandEncoder "e"] were pushed and never popped.',
      encode(encoder => encoder.pushDebugGroup('group')),
    ],
    [
      'resolves queries that are not there',
      'Queries 1 to 3 are outside of the 2 of [QuerySet "q"].',
      encode(encoder => encoder.resolveQuerySet(querySet(), 1, 2, buffer(USAGE.QUERY_RESOLVE), 0)),
    ],
    [
      'resolves to an odd offset',
      'Destination offset (8) is not a multiple of 256.',
      encode(encoder => encoder.resolveQuerySet(querySet(), 0, 2, buffer(USAGE.QUERY_RESOLVE), 8)),
    ],
    [
      'writes timestamps that are not there',
      'Query index 2 exceeds the number of queries (2) in [QuerySet "q"].',
      encode(encoder =>
        encoder.beginComputePass({ timestampWrites: { querySet: querySet(), endOfPassWriteIndex: 2 } }).end(),
      ),
    ],
    [
      'is finished twice',
      '[CommandEncoder "e"] is already finished.',
      () => {
        const encoder = device.createCommandEncoder({ label: 'e' });
        encoder.finish();
        encoder.finish();
      },
    ],
  ],
);

const pass = (record: (pass: GPUComputePassEncoder) => void) => () => runPass(device, record);
const x = () => bufferOf(device, new Float32Array(64));
const ready = (of: GPUComputePassEncoder, name = 'add', ...buffers: GPUBuffer[]) => {
  const pipeline = pipelineOf(device, name);
  of.setPipeline(pipeline);
  of.setBindGroup(0, groupOf(device, pipeline, ...(buffers.length > 0 ? buffers : [x()])));
};
const counts = () => device.createBuffer({ label: 'counts', size: 16, usage: USAGE.INDIRECT | STORAGE });

rules(
  'a pass',
  pass(p => {
    ready(p);
    p.dispatchWorkgroups(1);
    p.dispatchWorkgroups(0, 65535);
    p.dispatchWorkgroupsIndirect(counts(), 4);
  }),
  [
    ['dispatches nothing', 'No pipeline set.', pass(p => p.dispatchWorkgroups(1))],
    [
      'dispatches on nothing',
      'No bind group set at group index 0, [ComputePipeline "add"] needs one of [BindGroupLayout "add"].',
      pass(p => {
        p.setPipeline(pipelineOf(device, 'add'));
        p.dispatchWorkgroups(1);
      }),
    ],
    [
      'dispatches too many workgroups',
      'Dispatch workgroup count Y (65536) exceeds max compute workgroups per dimension (65535).',
      pass(p => {
        ready(p);
        p.dispatchWorkgroups(1, 65536);
      }),
    ],
    [
      "takes another pipeline's group",
      'Bind group layout [BindGroupLayout "copy"] of [ComputePipeline "copy"] does not match layout [BindGroupLayout "add"] of [BindGroup "group"] set at group index 0.',
      pass(p => {
        ready(p);
        p.setPipeline(pipelineOf(device, 'copy'));
        p.dispatchWorkgroups(1);
      }),
    ],
    [
      'reads what it writes',
      '[Buffer "x"] usage (BufferUsage::(Storage|ReadOnlyStorage)) includes writable usage and another usage in the same synchronization scope.',
      pass(p => {
        const both = x();
        ready(p, 'copy', both, both);
        p.dispatchWorkgroups(1);
      }),
    ],
    [
      'binds too little',
      '[Buffer "x"] bound with size 8 at group 0, binding 1 is too small. [ComputePipeline "copy"] requires a buffer binding which is at least 16 bytes.',
      () => {
        const loose = layout(storage(0, { type: 'read-only-storage' }), storage(1));
        const pipeline = compute('copy', {}, pipelineLayout(loose));
        pipeline.label = 'copy';
        runPass(device, p => {
          p.setPipeline(pipeline);
          p.setBindGroup(
            0,
            group(
              loose,
              { binding: 0, resource: { buffer: x() } },
              { binding: 1, resource: { buffer: bufferOf(device, [1, 2]) } },
            ),
          );
          p.dispatchWorkgroups(1);
        });
      },
    ],
    [
      'takes counts at an odd offset',
      'Indirect offset (2) is not a multiple of 4.',
      pass(p => {
        ready(p);
        p.dispatchWorkgroupsIndirect(counts(), 2);
      }),
    ],
    [
      'takes counts past the end',
      'Indirect offset (8) and 12 bytes don\'t fit in the size (16) of [Buffer "counts"].',
      pass(p => {
        ready(p);
        p.dispatchWorkgroupsIndirect(counts(), 8);
      }),
    ],
    ['sets a group too high', 'Bind group index (4) exceeds the maximum (4).', pass(p => p.setBindGroup(4, null))],
    [
      'pops no debug group',
      '[ComputePassEncoder (unlabeled)] has no debug group to pop.',
      pass(p => p.popDebugGroup()),
    ],
  ],
);

describe('dynamic offsets', () => {
  const dynamic = () => layout(storage(0, { hasDynamicOffset: true }));
  const bind = (offsets: number[], size = 256) =>
    errorOf(
      device,
      pass(p => p.setBindGroup(0, group(dynamic(), { binding: 0, resource: { buffer: buffer(), size } }), offsets)),
    );
  it.each([
    [[768], undefined],
    [
      [],
      'GPUValidationError: The number of dynamic offsets (0) does not match the number of dynamic buffers (1) in [BindGroupLayout "l"].',
    ],
    [
      [4],
      'GPUValidationError: Dynamic offset (4) of [Buffer "b"] at binding 0 does not satisfy the minimum storage offset alignment (256).',
    ],
    [
      [1024],
      'GPUValidationError: Dynamic offset (1024) of binding 0 in [BindGroup "g"] goes past the end: offset 1024 with size 256 doesn\'t fit in the size (1024) of [Buffer "b"].',
    ],
  ])('%j', async (offsets, message) => expect(await bind(offsets)).toBe(message));
});

const submit = (record: (encoder: GPUCommandEncoder) => void) => {
  const encoder = device.createCommandEncoder();
  record(encoder);
  device.queue.submit([encoder.finish({ label: 'commands' })]);
};

rules('the queue', () => device.queue.writeBuffer(buffer(), 4, new Float32Array(4), 1, 2), [
  [
    'writes to a buffer without the usage',
    '[Buffer "b"] usage (BufferUsage::Storage) doesn\'t include BufferUsage::CopyDst.',
    () => device.queue.writeBuffer(buffer(USAGE.STORAGE), 0, new Float32Array(1)),
  ],
  [
    'writes at an odd offset',
    'Write offset (2) is not a multiple of 4.',
    () => device.queue.writeBuffer(buffer(), 2, new Float32Array(1)),
  ],
  [
    'writes past the end',
    'Write range (bufferOffset: 1020, size: 8) does not fit in the size (1024) of [Buffer "b"].',
    () => device.queue.writeBuffer(buffer(), 1020, new Float32Array(2)),
  ],
  [
    'uses a destroyed buffer',
    '[Buffer "b"] used in submit while destroyed.',
    () => {
      const gone = buffer();
      gone.destroy();
      submit(encoder => encoder.clearBuffer(gone));
    },
  ],
  [
    'uses a mapped buffer',
    '[Buffer "mapped"] used in submit while mapped.',
    () =>
      submit(encoder =>
        encoder.clearBuffer(device.createBuffer({ label: 'mapped', size: 4, usage: STORAGE, mappedAtCreation: true })),
      ),
  ],
  [
    'gets the same commands twice',
    '[CommandBuffer "commands"] cannot be submitted more than once.',
    () => {
      const commands = device.createCommandEncoder().finish({ label: 'commands' });
      device.queue.submit([commands]);
      device.queue.submit([commands]);
    },
  ],
]);

it('names the object and the call that broke a rule', async () => {
  device.pushErrorScope('validation');
  const encoder = device.createCommandEncoder({ label: 'forward' });
  const p = encoder.beginComputePass();
  ready(p);
  p.dispatchWorkgroups(70000);
  p.end();
  encoder.finish();
  expect((await device.popErrorScope())?.message.split('\n')).toEqual([
    'Dispatch workgroup count X (70000) exceeds max compute workgroups per dimension (65535).',
    ' - While encoding [ComputePassEncoder (unlabeled)].dispatchWorkgroups(70000, 1, 1) with [ComputePipeline "add"], [BindGroup "group"].',
    ' - While calling [CommandEncoder "forward"].finish().',
  ]);
});
