import type { Pipeline } from './pipelines.ts';
import type { Tensor } from './tensor.ts';

export interface Dispatch {
  readonly label: string;
  readonly pipeline: Pipeline;
  /** In the order of the shader's bindings, `params` left out. */
  readonly tensors: readonly Tensor[];
  readonly written: readonly Tensor[];
  readonly params: ArrayBuffer | undefined;
  readonly workgroups: readonly [number, number, number];
}

/** A dispatch with the buffers that its tensors had when it was recorded: they may be freed before it runs. */
export interface Recorded extends Dispatch {
  readonly resources: readonly GPUBufferBinding[];
}

/** Where a dispatch's parameters lie. */
export interface PackedParams {
  readonly buffer: GPUBuffer | undefined;
  /** By dispatch. */
  readonly offsets: readonly number[];
}

const UNIFORM = 0x40 | 0x08; // GPUBufferUsage UNIFORM | COPY_DST

/** @throws DeviceError  the tensor cannot be used */
export function resourceOf({ buffer, offsetBytes, sizeBytes }: Tensor): GPUBufferBinding {
  return { buffer, offset: offsetBytes, size: Math.max(4, sizeBytes) };
}

/** Every dispatch's parameters in one buffer, each at the adapter's alignment. */
export function packParams(gpu: GPUDevice, dispatches: readonly Dispatch[]): PackedParams {
  const alignment = gpu.limits.minUniformBufferOffsetAlignment;
  let end = 0;
  const offsets = dispatches.map(({ params }) => {
    const offset = end;
    if (params) end += Math.ceil(params.byteLength / alignment) * alignment;
    return offset;
  });
  if (end === 0) return { buffer: undefined, offsets };
  const bytes = new Uint8Array(end);
  dispatches.forEach(({ params }, i) => {
    if (params) bytes.set(new Uint8Array(params), offsets[i]);
  });
  const buffer = gpu.createBuffer({ label: 'params', size: end, usage: UNIFORM });
  gpu.queue.writeBuffer(buffer, 0, bytes);
  return { buffer, offsets };
}

/** `index` is the dispatch's place in `packed`; `replaced` are other resources, by binding. */
export function bindGroupOf(
  gpu: GPUDevice,
  { label, pipeline, resources, params }: Recorded,
  {
    packed,
    index,
    replaced,
  }: { packed: PackedParams; index: number; replaced?: ReadonlyMap<number, GPUBufferBinding> },
): GPUBindGroup {
  const entries = resources.map((resource, binding) => ({ binding, resource: replaced?.get(binding) ?? resource }));
  if (params && packed.buffer)
    entries.push({
      binding: entries.length,
      resource: { buffer: packed.buffer, offset: packed.offsets[index]!, size: params.byteLength },
    });
  return gpu.createBindGroup({ label, layout: pipeline.layout, entries });
}
