import { DeviceError } from '../errors/index.ts';
import type { Commands } from './commands.ts';
import { bindGroupOf, type PackedParams, packParams, type Recorded } from './dispatch.ts';
import type { GraphMemory } from './graph_memory.ts';
import type { Recorder } from './recorder.ts';
import { formatShape, sameShape } from './shape.ts';
import type { Tensor } from './tensor.ts';

export type GraphInputs = Readonly<Record<string, Tensor>>;

/** Objects that the first run creates and later runs reuse. */
interface Prepared {
  readonly pipelines: readonly GPUComputePipeline[];
  readonly params: PackedParams;
  /** One per dispatch. A reader's group binds the inputs that the graph was captured with. */
  readonly bindGroups: readonly GPUBindGroup[];
}

/** The bind groups of all dispatches, for inputs in these buffers. */
interface Bound {
  readonly resources: ReadonlyMap<string, GPUBufferBinding>;
  readonly bindGroups: readonly GPUBindGroup[];
  /** The inputs that followed these last time. A caller that alternates between buffers will probably use them next. */
  next?: Bound;
}

/** Number of input buffer sets that a graph remembers. A loop uses one, or alternates between a few. */
const KEPT_INPUTS = 4;

/** The next run's commands, encoded while the adapter executes the previous run. */
interface Ahead {
  /** The inputs that the next run will probably have. */
  readonly bound: Bound;
  /** The commands up to the last reader. They are valid for those inputs only. */
  readonly opening: GPUCommandBuffer;
  /** The commands after the last reader, which are the same for all inputs. */
  readonly rest: GPUCommandBuffer | undefined;
}

/** A dispatch that reads inputs of the graph, so its bind group depends on their buffers. */
interface Reader {
  readonly index: number;
  readonly inputs: readonly { readonly binding: number; readonly name: string }[];
}

/**
 * Dispatches that were captured once, for inputs of given shapes, and can be replayed many times. Memory, parameters
 * and bind groups are created once. From the third run on, commands are encoded ahead, while the adapter executes the
 * previous run: all of them if the inputs are in the expected buffers, otherwise those after the last reader.
 *
 * `Device.capture` creates it. The results belong to the graph, and each run overwrites them.
 */
export class CapturedGraph<Inputs extends GraphInputs = GraphInputs, Result = unknown> {
  private prepared: Prepared | undefined;
  private readonly readers: readonly Reader[];
  /** Index of the first dispatch after the last reader. From there on, every run has the same commands. */
  private readonly fixedFrom: number;
  private ahead: Ahead | undefined;
  private runs = 0;
  /** Most recently used last. */
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

  /** Encodes a run, for the recorder. `resources` are this run's inputs; `pipelines` are used by the first run only. */
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
   * Encodes the next run, for the recorder, after a run was submitted. A graph that ran twice will probably run again,
   * and the host is idle now.
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
    this.prepared?.params.buffer?.destroy(); // submitted commands keep it alive
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
      if (isFirst) pass.pushDebugGroup(label); // validation messages quote it
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

  /** Returns bind groups for inputs in these buffers: those of an earlier run, otherwise new ones. */
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
