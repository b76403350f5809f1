import { describe, expect, it } from 'vitest';
import { bufferOf, errorOf, groupOf, pipelineOf, runPass, STORAGE, USAGE } from './harness.ts';
import { buffer, compute, device, group, layout, pipelineLayout, rules, storage } from './rules.ts';

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
    ' - While encoding [ComputePassEncoder (unlabeled)].dispatchWorkgroups(70000, 1, 1) with [BindGroup "group"].',
    ' - While calling [CommandEncoder "forward"].finish().',
  ]);
});
