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
  'a command encoder',
  encode(encoder => encoder.copyBufferToBuffer(buffer(), 4, buffer(), 8, 16)),
  [
    [
      'a copy from a buffer without COPY_SRC',
      '[Buffer "b"] usage (BufferUsage::Storage) doesn\'t include BufferUsage::CopySrc.',
      encode(encoder => encoder.copyBufferToBuffer(buffer(USAGE.STORAGE), 0, buffer(), 0, 4)),
    ],
    [
      'a copy to a buffer without COPY_DST',
      '[Buffer "b"] usage (BufferUsage::Storage) doesn\'t include BufferUsage::CopyDst.',
      encode(encoder => encoder.copyBufferToBuffer(buffer(), 0, buffer(USAGE.STORAGE), 0, 4)),
    ],
    [
      'a copy at an offset that is not a multiple of 4',
      'Copy source offset (2) is not a multiple of 4.',
      encode(encoder => encoder.copyBufferToBuffer(buffer(), 2, buffer(), 0, 4)),
    ],
    [
      'a copy of a size that is not a multiple of 4',
      'Copy source size (6) is not a multiple of 4.',
      encode(encoder => encoder.copyBufferToBuffer(buffer(), 0, buffer(), 0, 6)),
    ],
    [
      'a copy past the end of a buffer',
      'Copy destination range (offset: 1020, size: 8) does not fit in the size (1024) of [Buffer "b"].',
      encode(encoder => encoder.copyBufferToBuffer(buffer(), 0, buffer(), 1020, 8)),
    ],
    [
      'a copy within one buffer',
      'Source and destination are the same [Buffer "b"].',
      encode(encoder => {
        const b = buffer();
        encoder.copyBufferToBuffer(b, 0, b, 512, 4);
      }),
    ],
    [
      'clearing past the end of a buffer',
      'Clear range (offset: 1020, size: 8) does not fit in the size (1024) of [Buffer "b"].',
      encode(encoder => encoder.clearBuffer(buffer(), 1020, 8)),
    ],
    [
      'finishing while a pass is open',
      '[CommandEncoder "e"] has a pass that was not ended.',
      encode(encoder => encoder.beginComputePass()),
    ],
    [
      'commands while a pass is open',
      '[CommandEncoder "e"] is locked while a pass is open.',
      encode(encoder => {
        const pass = encoder.beginComputePass();
        encoder.clearBuffer(buffer());
        pass.end();
      }),
    ],
    [
      'a debug group that is not popped',
      '1 debug groups of [CommandEncoder "e"] were pushed and never popped.',
      encode(encoder => encoder.pushDebugGroup('group')),
    ],
    [
      'resolving more queries than the set has',
      'Query range (firstQuery: 1, queryCount: 2) exceeds the number of queries (2) in [QuerySet "q"].',
      encode(encoder => encoder.resolveQuerySet(querySet(), 1, 2, buffer(USAGE.QUERY_RESOLVE), 0)),
    ],
    [
      'resolving to an offset that is not a multiple of 256',
      'Destination offset (8) is not a multiple of 256.',
      encode(encoder => encoder.resolveQuerySet(querySet(), 0, 2, buffer(USAGE.QUERY_RESOLVE), 8)),
    ],
    [
      'a timestamp index past the end of the query set',
      'Query index 2 exceeds the number of queries (2) in [QuerySet "q"].',
      encode(encoder =>
        encoder.beginComputePass({ timestampWrites: { querySet: querySet(), endOfPassWriteIndex: 2 } }).end(),
      ),
    ],
    [
      'finishing twice',
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
  'a compute pass',
  pass(p => {
    ready(p);
    p.dispatchWorkgroups(1);
    p.dispatchWorkgroups(0, 65535);
    p.dispatchWorkgroupsIndirect(counts(), 4);
  }),
  [
    ['a dispatch without a pipeline', 'No pipeline set.', pass(p => p.dispatchWorkgroups(1))],
    [
      'a dispatch without a bind group',
      'No bind group set at group index 0, [ComputePipeline "add"] needs one of [BindGroupLayout "add"].',
      pass(p => {
        p.setPipeline(pipelineOf(device, 'add'));
        p.dispatchWorkgroups(1);
      }),
    ],
    [
      'too many workgroups along one dimension',
      'Dispatch workgroup count Y (65536) exceeds max compute workgroups per dimension (65535).',
      pass(p => {
        ready(p);
        p.dispatchWorkgroups(1, 65536);
      }),
    ],
    [
      "another pipeline's bind group",
      'Bind group layout [BindGroupLayout "copy"] of [ComputePipeline "copy"] does not match layout [BindGroupLayout "add"] of [BindGroup "group"] set at group index 0.',
      pass(p => {
        ready(p);
        p.setPipeline(pipelineOf(device, 'copy'));
        p.dispatchWorkgroups(1);
      }),
    ],
    [
      'a buffer that a dispatch both reads and writes',
      '[Buffer "x"] usage (BufferUsage::(Storage|ReadOnlyStorage)) includes writable usage and another usage in the same synchronization scope.',
      pass(p => {
        const both = x();
        ready(p, 'copy', both, both);
        p.dispatchWorkgroups(1);
      }),
    ],
    [
      'a binding smaller than the shader requires',
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
      'an indirect offset that is not a multiple of 4',
      'Indirect offset (2) is not a multiple of 4.',
      pass(p => {
        ready(p);
        p.dispatchWorkgroupsIndirect(counts(), 2);
      }),
    ],
    [
      'indirect counts past the end of the buffer',
      'Indirect offset (8) and 12 bytes don\'t fit in the size (16) of [Buffer "counts"].',
      pass(p => {
        ready(p);
        p.dispatchWorkgroupsIndirect(counts(), 8);
      }),
    ],
    [
      'a bind group index above the limit',
      'Bind group index (4) exceeds the maximum (4).',
      pass(p => p.setBindGroup(4, null)),
    ],
    [
      'popping a debug group that was not pushed',
      '[ComputePassEncoder (unlabeled)] has no debug group to pop.',
      pass(p => p.popDebugGroup()),
    ],
  ],
);

describe('setBindGroup with dynamic offsets', () => {
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
  ])('checks %j', async (offsets, message) => expect(await bind(offsets)).toBe(message));
});

const submit = (record: (encoder: GPUCommandEncoder) => void) => {
  const encoder = device.createCommandEncoder();
  record(encoder);
  device.queue.submit([encoder.finish({ label: 'commands' })]);
};

rules('the queue', () => device.queue.writeBuffer(buffer(), 4, new Float32Array(4), 1, 2), [
  [
    'a write to a buffer without COPY_DST',
    '[Buffer "b"] usage (BufferUsage::Storage) doesn\'t include BufferUsage::CopyDst.',
    () => device.queue.writeBuffer(buffer(USAGE.STORAGE), 0, new Float32Array(1)),
  ],
  [
    'a write at an offset that is not a multiple of 4',
    'Write offset (2) is not a multiple of 4.',
    () => device.queue.writeBuffer(buffer(), 2, new Float32Array(1)),
  ],
  [
    'a write past the end of the buffer',
    'Write range (bufferOffset: 1020, size: 8) does not fit in the size (1024) of [Buffer "b"].',
    () => device.queue.writeBuffer(buffer(), 1020, new Float32Array(2)),
  ],
  [
    'a submit that uses a destroyed buffer',
    '[Buffer "b"] used in submit while destroyed.',
    () => {
      const gone = buffer();
      gone.destroy();
      submit(encoder => encoder.clearBuffer(gone));
    },
  ],
  [
    'a submit that uses a mapped buffer',
    '[Buffer "mapped"] used in submit while mapped.',
    () =>
      submit(encoder =>
        encoder.clearBuffer(device.createBuffer({ label: 'mapped', size: 4, usage: STORAGE, mappedAtCreation: true })),
      ),
  ],
  [
    'submitting a command buffer twice',
    '[CommandBuffer "commands"] cannot be submitted more than once.',
    () => {
      const commands = device.createCommandEncoder().finish({ label: 'commands' });
      device.queue.submit([commands]);
      device.queue.submit([commands]);
    },
  ],
]);

it('an error names the object and the calls that broke the rule', async () => {
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
