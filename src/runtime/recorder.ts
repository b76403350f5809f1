import { DeviceError, firstLine, messageOf } from '../errors/index.ts';
import type { CapturedGraph } from './captured_graph.ts';
import { Commands } from './commands.ts';
import { bindGroupOf, type Dispatch, type PackedParams, packParams, type Recorded, resourceOf } from './dispatch.ts';
import type { Loss } from './loss.ts';
import type { Memory } from './memory.ts';
import type { Pipeline } from './pipelines.ts';
import type { Tensor } from './tensor.ts';

// biome-ignore lint/suspicious/noExplicitAny: a graph with any inputs
type AnyGraph = CapturedGraph<any, unknown>;

/** A run of a graph, with the buffers of its inputs, looked up when the run was recorded. */
interface GraphRun {
  readonly graph: AnyGraph;
  readonly inputs: readonly Tensor[];
  readonly resources: ReadonlyMap<string, GPUBufferBinding>;
}

type Waiting = Recorded | GraphRun;

/** A tensor to read back with the next submit, before commands recorded later can overwrite it. */
interface Readback {
  readonly label: string;
  readonly tensor: Tensor;
  readonly resource: GPUBufferBinding;
  /** Created during the submit, inside its error scopes. */
  staging?: GPUBuffer;
}

const READBACK = 0x01 | 0x08; // GPUBufferUsage MAP_READ | COPY_DST

/**
 * Queues commands until a submit. A submit encodes them in one pass, except for commands that graphs have encoded
 * ahead. All parameters share one uniform buffer, and error scopes surround the whole submit. A failure is thrown, and
 * poisons every tensor that the submit should have written.
 */
export class Recorder {
  /** See `Device.encodesAhead`. */
  encodesAhead = true;
  private waiting: Waiting[] = [];
  private readbacks: Readback[] = [];
  private captured: Recorded[] | undefined;
  private queue: Promise<void> = Promise.resolve();

  constructor(
    private readonly gpu: GPUDevice,
    private readonly memory: Memory,
    private readonly loss: Loss,
  ) {}

  /**
   * Records a dispatch. Buffers are looked up now, because a tensor may be freed, and its buffer reused, before the
   * submit.
   */
  record(dispatch: Dispatch): void {
    const recorded = { ...dispatch, resources: dispatch.tensors.map(resourceOf) };
    (this.captured ?? this.waiting).push(recorded);
  }

  recordGraph(graph: AnyGraph, inputs: Readonly<Record<string, Tensor>>): void {
    if (this.captured) throw new DeviceError('graph: cannot run while another graph is being captured');
    const resources = new Map(Object.entries(inputs).map(([name, tensor]) => [name, resourceOf(tensor)]));
    this.waiting.push({ graph, inputs: Object.values(inputs), resources });
  }

  /** Returns the dispatches that `work` records instead of queueing them. */
  capture<Result>(work: () => Result): { readonly result: Result; readonly dispatches: readonly Recorded[] } {
    if (this.captured) throw new DeviceError('capture: another capture is already running');
    const dispatches: Recorded[] = [];
    this.captured = dispatches;
    try {
      return { result: work(), dispatches };
    } finally {
      this.captured = undefined;
    }
  }

  /** @throws DeviceError | ShaderError */
  async submit(): Promise<void> {
    this.refuseInCapture();
    const batch = this.waiting;
    const readbacks = this.readbacks;
    this.waiting = [];
    this.readbacks = [];
    const number = this.memory.closeBatch();
    const done = this.queue.then(() => this.execute(batch, readbacks)).finally(() => this.memory.endBatch(number));
    this.queue = done.catch(() => {});
    return done;
  }

  /** Returns a tensor's bytes after everything recorded so far has run. @throws DeviceError */
  async read(tensor: Tensor): Promise<ArrayBuffer> {
    this.refuseInCapture();
    const { sizeBytes, label } = tensor;
    const resource = resourceOf(tensor);
    if (this.loss.error) throw this.loss.error;
    const readback: Readback = { tensor, label: `readback of ${label}`, resource };
    try {
      this.readbacks.push(readback);
      await this.submit();
      // Throws if the submit that should have written the tensor failed.
      tensor.buffer;
      await this.loss.race(readback.staging!.mapAsync(1)); // GPUMapMode.READ
      const bytes = readback.staging!.getMappedRange().slice(0, sizeBytes);
      if (this.loss.error) throw this.loss.error;
      return bytes;
    } catch (error) {
      const cause = await this.loss.explain(error);
      if (cause instanceof DeviceError) throw cause;
      throw new DeviceError(`readback of ${label}: ${firstLine(messageOf(cause))}`, { cause });
    } finally {
      readback.staging?.destroy();
    }
  }

  private refuseInCapture(): void {
    if (this.captured) throw new DeviceError('capture: nothing can be submitted or read until the capture ends');
  }

  private async execute(batch: readonly Waiting[], readbacks: readonly Readback[]): Promise<void> {
    try {
      await this.loss.race(this.memory.settle());
      if (batch.length === 0 && readbacks.length === 0) return;
      // A batch that writes these tensors may have failed after this batch was recorded.
      for (const item of batch) for (const { failure } of readBy(item)) if (failure) throw failure;
      const compiled = Promise.all(batch.flatMap(pipelinesOf).map(async one => [one, await one.compiled()] as const));
      const pipelines = new Map(await this.loss.race(compiled));
      await this.guard([...batch, ...readbacks], () => {
        const packed = batch.length > 0 ? packParams(this.gpu, batch.filter(isDispatch)) : undefined;
        try {
          const commands = new Commands(this.gpu);
          if (packed) this.encode(commands, batch, { packed, pipelines });
          for (const readback of readbacks) this.encodeReadback(commands, readback);
          this.gpu.queue.submit(commands.finish());
          if (this.encodesAhead) for (const item of batch) if ('graph' in item) item.graph.encodeAhead(this.gpu);
        } finally {
          // Commands that were submitted keep the buffer alive.
          packed?.buffer?.destroy();
        }
      });
    } catch (error) {
      const cause = await this.loss.explain(error);
      const failure = cause instanceof DeviceError ? cause : new DeviceError(messageOf(cause), { cause });
      for (const item of batch) for (const tensor of writtenBy(item)) tensor.poison(failure);
      throw cause;
    }
  }

  private encodeReadback(commands: Commands, readback: Readback): void {
    const { tensor, label, resource } = readback;
    if (tensor.failure) return;
    readback.staging = this.gpu.createBuffer({ label, size: resource.size!, usage: READBACK });
    commands.copies.copyBufferToBuffer(resource.buffer, resource.offset!, readback.staging, 0, resource.size!);
  }

  /** Encodes a batch. Consecutive dispatches share a pass; a graph may add command buffers of its own. */
  private encode(
    commands: Commands,
    batch: readonly Waiting[],
    { packed, pipelines }: { packed: PackedParams; pipelines: ReadonlyMap<Pipeline, GPUComputePipeline> },
  ): void {
    const { gpu } = this;
    let index = 0;
    for (const item of batch) {
      if ('graph' in item) {
        const own = pipelinesOf(item).map(one => pipelines.get(one)!);
        item.graph.encode(gpu, commands, item.resources, own);
        continue;
      }
      const { pass } = commands;
      // Validation messages quote the debug group.
      pass.pushDebugGroup(item.label);
      pass.setPipeline(pipelines.get(item.pipeline)!);
      pass.setBindGroup(0, bindGroupOf(gpu, item, { packed, index: index++ }));
      pass.dispatchWorkgroups(...item.workgroups);
      pass.popDebugGroup();
    }
  }

  /** Runs `work` between error scopes, and throws what they catch. */
  private async guard(what: readonly (Waiting | Readback)[], work: () => void): Promise<void> {
    if (this.loss.error) throw this.loss.error;
    const kinds = ['validation', 'internal', 'out-of-memory'] as const;
    for (const kind of kinds) this.gpu.pushErrorScope(kind);
    let thrown: unknown;
    try {
      work();
    } catch (error) {
      thrown = error;
    }
    const caught = await this.loss.race(Promise.all(kinds.map(() => this.gpu.popErrorScope())));
    const error = thrown ?? caught.find(found => found !== null);
    if (error)
      throw new DeviceError(`${nameOf(what, messageOf(error))}: ${firstLine(messageOf(error))}`, { cause: error });
  }
}

function isDispatch(item: Waiting): item is Recorded {
  return !('graph' in item);
}

function readBy(item: Waiting): readonly Tensor[] {
  return 'graph' in item ? [...item.inputs, ...item.graph.outputs] : item.tensors;
}

function writtenBy(item: Waiting): readonly Tensor[] {
  return 'graph' in item ? item.graph.outputs : item.written;
}

/** Returns the pipelines that an item waits for. A graph that ran before already has its own. */
function pipelinesOf(item: Waiting): readonly Pipeline[] {
  if (!('graph' in item)) return [item.pipeline];
  return item.graph.isPrepared ? [] : item.graph.dispatches.map(({ pipeline }) => pipeline);
}

/**
 * Returns the label of the dispatch that a validation message is about, found by its debug group or its bind group,
 * otherwise the first and last labels of the batch.
 */
function nameOf(what: readonly (Waiting | Readback)[], message: string): string {
  const group = /Debug group stack:\s*> "(.*?)"/.exec(message)?.[1]?.replace('\0', ''); // Dawn's strings end with a NUL
  const labels = what.flatMap(item => ('graph' in item ? item.graph.dispatches.map(({ label }) => label) : item.label));
  const named = labels.find(label => (group === undefined ? message.includes(`"${label}"`) : label === group));
  if (named) return named;
  const [first, last] = [labels[0], labels.at(-1)];
  return first === last ? `${first}` : `${first} … ${last}`;
}
