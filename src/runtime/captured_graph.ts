import { DeviceError } from '../errors/index.ts';
import type { Commands } from './commands.ts';
import { bindGroupOf, type PackedParams, packParams, type Recorded } from './dispatch.ts';
import type { GraphMemory } from './graph_memory.ts';
import type { Recorder } from './recorder.ts';
import { formatShape, sameShape } from './shape.ts';
import type { Tensor } from './tensor.ts';

export type GraphInputs = Readonly<Record<string, Tensor>>;

/** What the first run makes, and later ones use again. */
interface Prepared {
  readonly pipelines: readonly GPUComputePipeline[];
  readonly params: PackedParams;
  /** Those of readers are of the inputs that the graph was captured with. */
  readonly bindGroups: readonly GPUBindGroup[];
}

/** All bind groups for inputs in these buffers. */
interface Bound {
  readonly resources: ReadonlyMap<string, GPUBufferBinding>;
  readonly bindGroups: readonly GPUBindGroup[];
  /** The inputs that came after these the last time: who takes buffers in turns goes on so. */
  next?: Bound;
}

/** How many sets of input buffers a graph remembers. A loop takes one or a few in turns. */
const KEPT_INPUTS = 4;

/** A run's commands, encoded while the adapter is at the run before. */
interface Ahead {
  /** The inputs that are expected to come. */
  readonly bound: Bound;
  /** Up to the last reader: for those inputs alone. */
  readonly opening: GPUCommandBuffer;
  /** From there on they are the same for all inputs. */
  readonly rest: GPUCommandBuffer | undefined;
}

/** A dispatch that reads inputs, whose bind group follows their buffers. */
interface Reader {
  readonly index: number;
  readonly inputs: readonly { readonly binding: number; readonly name: string }[];
}

/**
 * Work recorded once, for inputs of given shapes, to be run many times: memory, parameters and bind groups are made once, and from the
 * third run on commands were encoded while the adapter was at the run before, all of them where the inputs' buffers are those expected.
 * Made by `Device.capture`. The results belong to the graph, and each run overwrites them.
 */
export class CapturedGraph<Inputs extends GraphInputs = GraphInputs, Result = unknown> {
  private prepared: Prepared | undefined;
  private readonly readers: readonly Reader[];
  /** The first dispatch after all readers: from it on the commands of every run are the same. */
  private readonly fixedFrom: number;
  private ahead: Ahead | undefined;
  private runs = 0;
  /** The last run's inputs come last. */
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

  /** What every run writes for its caller. */
  get outputs(): readonly Tensor[] {
    return this.parts.outputs;
  }

  /** Bytes of what lies between the operations, results included; inputs and weights are not the graph's. */
  get activationBytes(): number {
    return this.parts.memory.activationBytes;
  }

  get isPrepared(): boolean {
    return this.prepared !== undefined;
  }

  /** Records a run. Nothing happens until `submit` or a readback. @throws DeviceError another shape, or the graph was disposed of */
  run(inputs: Inputs): Result {
    if (this.disposed) throw new DeviceError('graph: it was disposed of and cannot run any more');
    for (const [name, { shape }] of Object.entries(this.parts.inputs)) {
      const given = inputs[name]!.shape;
      if (!sameShape(given, shape))
        throw new DeviceError(
          `graph: ${name} must be ${formatShape(shape)}, got ${formatShape(given)}. Capture another graph for it`,
        );
    }
    this.parts.recorder.recordGraph(this, inputs);
    return this.result;
  }

  /** For the recorder: `resources` are the inputs' of this run, `pipelines` those of a graph that is not prepared. */
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

  /** For the recorder, after a run was submitted: who runs a graph twice runs it again, and the host has nothing else to do. */
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

  /** Gives the graph's memory back. Its results cannot be used any more. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.ahead = undefined;
    this.kept = [];
    for (const output of this.outputs) output.dispose();
    this.prepared?.params.buffer?.destroy(); // submitted commands keep it
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
      if (isFirst) pass.pushDebugGroup(label); // validation messages name it
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

  /** Bind groups for inputs in these buffers: those of an earlier run, or new ones. */
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
