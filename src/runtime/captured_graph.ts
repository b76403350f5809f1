import { DeviceError } from '../errors/index.ts';
import type { Commands } from './commands.ts';
import { bindGroupOf, type PackedParams, packParams, type Recorded } from './dispatch.ts';
import type { GraphMemory } from './graph_memory.ts';
import type { Recorder } from './recorder.ts';
import { formatShape, sameShape } from './shape.ts';
import type { Tensor } from './tensor.ts';

export type GraphInputs = Readonly<Record<string, Tensor>>;

/** A dispatch that reads inputs of the graph. Its bind group depends on the buffers of these inputs. */
interface Reader {
  /** Index of the dispatch. */
  readonly index: number;
  readonly inputs: readonly { readonly binding: number; readonly name: string }[];
}

/** Objects that the first run creates and later runs reuse. */
interface Prepared {
  readonly pipelines: readonly GPUComputePipeline[];
  readonly params: PackedParams;
  /** One per dispatch. A reader's bind group is for the input buffers with which the graph was captured. */
  readonly bindGroups: readonly GPUBindGroup[];
}

/** One set of input buffers (`resources`), and the bind groups of all dispatches for runs that use these buffers. */
interface Bound {
  readonly resources: ReadonlyMap<string, GPUBufferBinding>;
  readonly bindGroups: readonly GPUBindGroup[];
  /**
   * The set that was used after this one, the last time. A caller that alternates between buffers will probably use the
   * same buffers in the same order again.
   */
  next?: Bound;
}

/** Number of sets of input buffers that a graph remembers. A loop uses one set, or alternates between a few sets. */
const KEPT_INPUTS = 4;

/** The next run's commands, encoded while the adapter executes the previous run. */
interface Ahead {
  /** The bind groups for the inputs that the next run will probably have. */
  readonly bound: Bound;
  /** The commands up to and including the last reader. They are valid only for the inputs of `bound`. */
  readonly opening: GPUCommandBuffer;
  /** The commands after the last reader, which are the same for all inputs. */
  readonly rest: GPUCommandBuffer | undefined;
}

/**
 * Dispatches that were captured once, for inputs of given shapes, and can be replayed many times. Memory, parameters
 * and bind groups are created once. From the third run on, commands are encoded ahead, which means while the adapter
 * executes the previous run. If the inputs are in the expected buffers, the run uses all of these commands. Otherwise
 * it uses only the commands after the last reader.
 *
 * `Device.capture` creates it. The results belong to the graph, and each run overwrites them.
 */
export class CapturedGraph<Inputs extends GraphInputs = GraphInputs, Result = unknown> {
  private prepared: Prepared | undefined;
  private readonly readers: readonly Reader[];
  /** Index of the first dispatch after the last reader. From this dispatch on, every run has the same commands. */
  private readonly fixedFrom: number;
  private ahead: Ahead | undefined;
  private runs = 0;
  /** The bind groups for recently used input buffers. The most recently used come last. */
  private kept: Bound[] = [];
  private disposed = false;

  constructor(
    private readonly parts: {
      readonly recorder: Recorder;
      readonly memory: GraphMemory;
      readonly inputs: Inputs;
      readonly dispatches: readonly Recorded[];
      readonly outputs: readonly Tensor[];
    },
    readonly result: Result,
  ) {
    const names = Object.keys(parts.inputs);
    this.readers = parts.dispatches
      .map(({ tensors }, index) => ({
        index,
        inputs: tensors.flatMap((tensor, binding) => {
          const name = names.find(one => parts.inputs[one]!.isViewOf(tensor));
          return name === undefined ? [] : [{ binding, name }];
        }),
      }))
      .filter(({ inputs }) => inputs.length > 0);
    this.fixedFrom = (this.readers.at(-1)?.index ?? -1) + 1;
  }

  get dispatches(): readonly Recorded[] {
    return this.parts.dispatches;
  }

  /** The tensors of the result. Every run overwrites them. */
  get outputs(): readonly Tensor[] {
    return this.parts.outputs;
  }

  /** Bytes of the graph's intermediate tensors and results. Inputs and weights do not belong to the graph. */
  get activationBytes(): number {
    return this.parts.memory.activationBytes;
  }

  get isPrepared(): boolean {
    return this.prepared !== undefined;
  }

  /**
   * Records a run. Nothing is executed until `submit` or a readback.
   *
   * @throws DeviceError  an input has another shape, or the graph is disposed
   */
  run(inputs: Inputs): Result {
    if (this.disposed) throw new DeviceError('graph: is already disposed. Capture it again');
    for (const [name, { shape }] of Object.entries(this.parts.inputs)) {
      const given = inputs[name]!.shape;
      if (!sameShape(given, shape))
        throw new DeviceError(
          `graph: ${name} must be ${formatShape(shape)}, got ${formatShape(given)}. Capture another graph for this shape`,
        );
    }
    this.parts.recorder.recordGraph(this, inputs);
    return this.result;
  }

  /**
   * Encodes a run. The recorder calls this. `resources` are the buffers of this run's inputs. Only the first run uses
   * `pipelines`.
   */
  encode(
    gpu: GPUDevice,
    commands: Commands,
    resources: ReadonlyMap<string, GPUBufferBinding>,
    pipelines: readonly GPUComputePipeline[],
  ): void {
    const isFirst = !this.prepared;
    this.prepared ??= this.prepare(gpu, pipelines);
    const { prepared, fixedFrom } = this;
    const bound = this.bindTo(gpu, prepared, resources);
    const ahead = this.parts.recorder.encodesAhead ? this.ahead : undefined;
    this.ahead = undefined;
    if (ahead?.bound === bound) commands.add(ahead.opening);
    else this.encodeFrom(0, fixedFrom, { pass: commands.pass, prepared, bound, isFirst });
    if (ahead?.rest) commands.add(ahead.rest);
    else this.encodeFrom(fixedFrom, this.dispatches.length, { pass: commands.pass, prepared, bound, isFirst });
  }

  /**
   * Encodes the next run, if the graph has already run twice: it will then probably run again. The recorder calls this
   * after it has submitted a run, when the host is idle.
   */
  encodeAhead(gpu: GPUDevice): void {
    const { prepared, fixedFrom, dispatches } = this;
    const last = this.kept.at(-1);
    if (++this.runs < 2 || this.ahead || this.disposed || !prepared || !last) return;
    const bound = last.next ?? last;
    const encoded = (first: number, end: number) => {
      const encoder = gpu.createCommandEncoder();
      const pass = encoder.beginComputePass();
      this.encodeFrom(first, end, { pass, prepared, bound });
      pass.end();
      return encoder.finish();
    };
    const rest = fixedFrom < dispatches.length ? encoded(fixedFrom, dispatches.length) : undefined;
    this.ahead = { bound, opening: encoded(0, fixedFrom), rest };
  }

  /** Frees the graph's memory, including its results. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.ahead = undefined;
    this.kept = [];
    for (const output of this.outputs) output.dispose();
    // Commands that were submitted keep the buffer alive.
    this.prepared?.params.buffer?.destroy();
    this.parts.memory.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  private encodeFrom(
    first: number,
    end: number,
    {
      pass,
      prepared,
      bound,
      isFirst = false,
    }: {
      readonly pass: GPUComputePassEncoder;
      readonly prepared: Prepared;
      readonly bound: Bound;
      readonly isFirst?: boolean;
    },
  ): void {
    for (let i = first; i < end; i++) {
      const { label, workgroups } = this.dispatches[i]!;
      // Validation messages quote the debug group.
      if (isFirst) pass.pushDebugGroup(label);
      pass.setPipeline(prepared.pipelines[i]!);
      pass.setBindGroup(0, bound.bindGroups[i]!);
      pass.dispatchWorkgroups(...workgroups);
      if (isFirst) pass.popDebugGroup();
    }
  }

  private prepare(gpu: GPUDevice, pipelines: readonly GPUComputePipeline[]): Prepared {
    const { dispatches } = this;
    const packed = packParams(gpu, dispatches);
    const bindGroups = dispatches.map((dispatch, index) => bindGroupOf(gpu, dispatch, { packed, index }));
    return { pipelines, params: packed, bindGroups };
  }

  /** Returns the bind groups for inputs in these buffers. Reuses those of an earlier run, or creates new ones. */
  private bindTo(gpu: GPUDevice, prepared: Prepared, resources: ReadonlyMap<string, GPUBufferBinding>): Bound {
    const known = this.kept.find(bound => isSame(bound.resources, resources));
    const bound = known ?? { resources, bindGroups: this.bindGroupsFor(gpu, prepared, resources) };
    const last = this.kept.at(-1);
    if (last) last.next = bound;
    this.kept = [...this.kept.filter(other => other !== bound).slice(1 - KEPT_INPUTS), bound];
    return bound;
  }

  private bindGroupsFor(
    gpu: GPUDevice,
    { params, bindGroups }: Prepared,
    resources: ReadonlyMap<string, GPUBufferBinding>,
  ): readonly GPUBindGroup[] {
    const own = [...bindGroups];
    for (const { index, inputs } of this.readers) {
      const replaced = new Map(inputs.map(({ binding, name }) => [binding, resources.get(name)!]));
      own[index] = bindGroupOf(gpu, this.dispatches[index]!, { packed: params, index, replaced });
    }
    return own;
  }
}

function isSame(some: ReadonlyMap<string, GPUBufferBinding>, others: ReadonlyMap<string, GPUBufferBinding>): boolean {
  return [...some].every(([name, { buffer, offset, size }]) => {
    const other = others.get(name);
    return other?.buffer === buffer && other.offset === offset && other.size === size;
  });
}
