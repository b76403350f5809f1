import type { Pipeline } from './pipelines.ts';
import type { Tensor } from './tensor.ts';

export interface Dispatch {
  readonly label: string;
  readonly pipeline: Pipeline;
  /** In the order of the shader's bindings, without `params`. */
  readonly tensors: readonly Tensor[];
  readonly written: readonly Tensor[];
  readonly params: ArrayBuffer | undefined;
  readonly workgroups: readonly [number, number, number];
}

/**
 * A dispatch with the buffers of its tensors. The buffers are looked up when the dispatch is recorded, because its
 * tensors may be freed before it runs.
 */
export interface Recorded extends Dispatch {
  readonly resources: readonly GPUBufferBinding[];
}

/** The parameters of several dispatches in one buffer. */
export interface PackedParams {
  readonly buffer: GPUBuffer | undefined;
  /** Byte offset of each dispatch's parameters. */
  readonly offsets: readonly number[];
}

const UNIFORM = 0x40 | 0x08; // GPUBufferUsage UNIFORM | COPY_DST

/** Returns the tensor's range in its buffer. @throws DeviceError  the tensor cannot be used */
export function resourceOf({ buffer, offsetBytes, sizeBytes }: Tensor): GPUBufferBinding {
  return { buffer, offset: offsetBytes, size: Math.max(4, sizeBytes) };
}

/** Packs every dispatch's parameters into one uniform buffer, each at the adapter's alignment. */
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

/**
 * Creates a dispatch's bind group. `index` is the dispatch's index in `packed`. `replaced` maps bindings to the
 * resources that replace the dispatch's own.
 */
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
