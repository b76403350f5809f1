import { DeviceError } from '../errors.ts';
import type { Memory } from './memory.ts';
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

interface Recorded extends Dispatch {
  readonly resources: readonly GPUBufferBinding[];
}

const UNIFORM = 0x40 | 0x08; // GPUBufferUsage UNIFORM | COPY_DST
const READBACK = 0x01 | 0x08; // GPUBufferUsage MAP_READ | COPY_DST

/**
 * The commands that wait, in order. A submit encodes them all in one pass, with their parameters in one uniform buffer
 * and error scopes around everything; a failure is thrown, and poisons every tensor that should have been written.
 */
export class Recorder {
  private waiting: Recorded[] = [];
  private queue: Promise<void> = Promise.resolve();
  private lostInfo: GPUDeviceLostInfo | undefined;
  private readonly lost: Promise<never>;

  constructor(
    private readonly gpu: GPUDevice,
    private readonly memory: Memory,
  ) {
    this.lost = gpu.lost.then(info => {
      this.lostInfo = info;
      throw lostError(info);
    });
    this.lost.catch(() => {});
  }

  /** Buffers are looked up now: a tensor may be freed between here and the submit, and its buffer handed on. */
  record(dispatch: Dispatch): void {
    const resources = dispatch.tensors.map(({ buffer, offsetBytes: offset, sizeBytes }) => ({
      buffer,
      offset,
      size: Math.max(4, sizeBytes),
    }));
    this.waiting.push({ ...dispatch, resources });
  }

  /** @throws DeviceError | ShaderError */
  submit(): Promise<void> {
    const batch = this.waiting;
    this.waiting = [];
    const number = this.memory.closeBatch();
    const done = this.queue.then(() => this.execute(batch)).finally(() => this.memory.endBatch(number));
    this.queue = done.catch(() => {});
    return done;
  }

  /** The bytes of a tensor, after everything recorded so far. @throws DeviceError */
  async read(tensor: Tensor): Promise<ArrayBuffer> {
    const { buffer, offsetBytes, sizeBytes, label } = tensor;
    await this.submit();
    tensor.buffer; // throws where the submit that should have written it failed
    const staging = this.gpu.createBuffer({
      label: `readback of ${label}`,
      size: Math.max(4, sizeBytes),
      usage: READBACK,
    });
    try {
      await this.guard(`readback of ${label}`, () => {
        const encoder = this.gpu.createCommandEncoder();
        encoder.copyBufferToBuffer(buffer, offsetBytes, staging, 0, sizeBytes);
        this.gpu.queue.submit([encoder.finish()]);
      });
      await Promise.race([staging.mapAsync(1), this.lost]); // GPUMapMode.READ
      const bytes = staging.getMappedRange().slice(0, sizeBytes);
      if (this.lostInfo) throw lostError(this.lostInfo);
      return bytes;
    } catch (error) {
      if (error instanceof DeviceError) throw error;
      throw this.lostInfo
        ? lostError(this.lostInfo)
        : new DeviceError(`readback of ${label}: ${messageOf(error)}`, { cause: error });
    } finally {
      staging.destroy();
    }
  }

  private async execute(batch: readonly Recorded[]): Promise<void> {
    try {
      await Promise.race([this.memory.settle(), this.lost]);
      if (batch.length === 0) return;
      // What an earlier batch should have written may have failed after this one was recorded.
      for (const { tensors } of batch) for (const { failure } of tensors) if (failure) throw failure;
      const pipelines = await Promise.race([Promise.all(batch.map(dispatch => dispatch.pipeline.compiled)), this.lost]);
      await this.guard(batch, () => this.encode(batch, pipelines));
    } catch (error) {
      const failure = error instanceof DeviceError ? error : new DeviceError(messageOf(error), { cause: error });
      for (const dispatch of batch) for (const tensor of dispatch.written) tensor.poison(failure);
      throw error;
    }
  }

  /** Every dispatch's parameters in one buffer, each at the adapter's alignment. */
  private packParams(batch: readonly Recorded[]): { buffer: GPUBuffer | undefined; offsets: number[] } {
    const alignment = this.gpu.limits.minUniformBufferOffsetAlignment;
    let end = 0;
    const offsets = batch.map(({ params }) => {
      const offset = end;
      if (params) end += Math.ceil(params.byteLength / alignment) * alignment;
      return offset;
    });
    if (end === 0) return { buffer: undefined, offsets };
    const bytes = new Uint8Array(end);
    batch.forEach(({ params }, i) => {
      if (params) bytes.set(new Uint8Array(params), offsets[i]);
    });
    const buffer = this.gpu.createBuffer({ label: 'params', size: end, usage: UNIFORM });
    this.gpu.queue.writeBuffer(buffer, 0, bytes);
    return { buffer, offsets };
  }

  private encode(batch: readonly Recorded[], pipelines: readonly GPUComputePipeline[]): void {
    const params = this.packParams(batch);
    const encoder = this.gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    batch.forEach((dispatch, i) => {
      const resources = [...dispatch.resources];
      if (dispatch.params && params.buffer)
        resources.push({ buffer: params.buffer, offset: params.offsets[i]!, size: dispatch.params.byteLength });
      pass.pushDebugGroup(dispatch.label); // validation messages name it
      pass.setPipeline(pipelines[i]!);
      pass.setBindGroup(
        0,
        this.gpu.createBindGroup({
          label: dispatch.label,
          layout: dispatch.pipeline.layout,
          entries: resources.map((resource, binding) => ({ binding, resource })),
        }),
      );
      pass.dispatchWorkgroups(...dispatch.workgroups);
      pass.popDebugGroup();
    });
    pass.end();
    this.gpu.queue.submit([encoder.finish()]);
    params.buffer?.destroy(); // submitted commands keep it
  }

  /** Runs `work` between error scopes, and throws what they catch. */
  private async guard(what: string | readonly Recorded[], work: () => void): Promise<void> {
    if (this.lostInfo) throw lostError(this.lostInfo);
    const kinds = ['validation', 'internal', 'out-of-memory'] as const;
    for (const kind of kinds) this.gpu.pushErrorScope(kind);
    let thrown: unknown;
    try {
      work();
    } catch (error) {
      thrown = error;
    }
    const caught = await Promise.race([Promise.all(kinds.map(() => this.gpu.popErrorScope())), this.lost]);
    const error = thrown ?? caught.find(found => found !== null);
    if (error)
      throw new DeviceError(`${nameOf(what, messageOf(error))}: ${firstLine(messageOf(error))}`, { cause: error });
  }
}

/** The dispatch that a validation message speaks of, by its debug group or its bind group, or the span of the whole batch. */
function nameOf(what: string | readonly Recorded[], message: string): string {
  if (typeof what === 'string') return what;
  const group = /Debug group stack:\s*> "(.*?)"/.exec(message)?.[1]?.replace('\0', ''); // Dawn's strings end with it
  const named = what.find(({ label }) => (group === undefined ? message.includes(`"${label}"`) : label === group));
  if (named) return named.label;
  const [first, last] = [what[0]!.label, what.at(-1)!.label];
  return first === last ? first : `${first} … ${last}`;
}

function lostError(info: GPUDeviceLostInfo): DeviceError {
  return new DeviceError(
    `device: lost (${info.reason ?? 'unknown'}: ${firstLine(info.message)}). No result was kept. Run the command again, or choose another adapter with --adapter`,
  );
}

function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}
