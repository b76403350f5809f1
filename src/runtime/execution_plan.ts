import { DeviceError } from '../errors.ts';
import type { Commands } from './commands.ts';
import { bindGroupOf, type PackedParams, packParams, type Recorded } from './dispatch.ts';
import type { PlanMemory } from './plan_memory.ts';
import type { Recorder } from './recorder.ts';
import { formatShape, sameShape } from './shape.ts';
import type { Tensor } from './tensor.ts';

export type PlanInputs = Readonly<Record<string, Tensor>>;

/** What the first run makes, and later ones use again. */
interface Prepared {
  readonly pipelines: readonly GPUComputePipeline[];
  readonly params: PackedParams;
  readonly bindGroups: GPUBindGroup[];
}

/** A dispatch that reads inputs, whose bind group follows their buffers. */
interface Reader {
  readonly index: number;
  readonly inputs: readonly { readonly binding: number; readonly name: string }[];
}

/**
 * Work recorded once, for inputs of given shapes, to be run many times: memory, parameters and bind groups are made once, and from the
 * third run on most commands were encoded while the adapter was at the run before. Made by `Device.capture`. The results belong to the
 * plan, and each run overwrites them.
 */
export class ExecutionPlan<Inputs extends PlanInputs = PlanInputs, Result = unknown> {
  private prepared: Prepared | undefined;
  private readonly readers: readonly Reader[];
  /** The first dispatch after all readers: from it on the commands of every run are the same. */
  private readonly fixedFrom: number;
  /** Those commands, for the next run. */
  private ahead: GPUCommandBuffer | undefined;
  private runs = 0;
  /** What the readers' bind groups were made for. */
  private bound: ReadonlyMap<string, GPUBufferBinding> = new Map();
  private disposed = false;

  constructor(
    private readonly parts: {
      readonly recorder: Recorder;
      readonly memory: PlanMemory;
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

  /** Bytes of what lies between the operations, results included; inputs and weights are not the plan's. */
  get activationBytes(): number {
    return this.parts.memory.activationBytes;
  }

  get isPrepared(): boolean {
    return this.prepared !== undefined;
  }

  /** Records a run. Nothing happens until `submit` or a readback. @throws DeviceError another shape, or the plan was disposed of */
  run(inputs: Inputs): Result {
    if (this.disposed) throw new DeviceError('plan: it was disposed of and cannot run any more');
    for (const [name, { shape }] of Object.entries(this.parts.inputs)) {
      const given = inputs[name]!.shape;
      if (!sameShape(given, shape))
        throw new DeviceError(
          `plan: ${name} must be ${formatShape(shape)}, got ${formatShape(given)}. Capture another plan for it`,
        );
    }
    this.parts.recorder.recordPlan(this, inputs);
    return this.result;
  }

  /** For the recorder: `resources` are the inputs' of this run, `pipelines` those of a plan that is not prepared. */
  encode(
    gpu: GPUDevice,
    commands: Commands,
    resources: ReadonlyMap<string, GPUBufferBinding>,
    pipelines: readonly GPUComputePipeline[],
  ): void {
    const isFirst = !this.prepared;
    this.prepared ??= this.prepare(gpu, pipelines);
    const { prepared } = this;
    if ([...resources].some(([name, { buffer, offset }]) => !isSame(this.bound.get(name), buffer, offset)))
      this.bind(gpu, prepared, resources);
    const ahead = this.parts.recorder.encodesAhead ? this.ahead : undefined;
    this.ahead = undefined;
    const { length } = this.dispatches;
    this.encodeFrom(0, ahead ? this.fixedFrom : length, { pass: commands.pass, prepared, isFirst });
    if (ahead) commands.add(ahead);
  }

  /** For the recorder, after a run was submitted: who runs a plan twice runs it again, and the host has nothing else to do. */
  encodeAhead(gpu: GPUDevice): void {
    const { prepared, fixedFrom, dispatches } = this;
    if (++this.runs < 2 || this.ahead || this.disposed || !prepared || fixedFrom === dispatches.length) return;
    const encoder = gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    this.encodeFrom(fixedFrom, dispatches.length, { pass, prepared });
    pass.end();
    this.ahead = encoder.finish();
  }

  /** Gives the plan's memory back. Its results cannot be used any more. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.ahead = undefined;
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
      isFirst = false,
    }: { readonly pass: GPUComputePassEncoder; readonly prepared: Prepared; readonly isFirst?: boolean },
  ): void {
    for (let i = first; i < end; i++) {
      const { label, workgroups } = this.dispatches[i]!;
      if (isFirst) pass.pushDebugGroup(label); // validation messages name it
      pass.setPipeline(prepared.pipelines[i]!);
      pass.setBindGroup(0, prepared.bindGroups[i]!);
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

  private bind(gpu: GPUDevice, prepared: Prepared, resources: ReadonlyMap<string, GPUBufferBinding>): void {
    for (const { index, inputs } of this.readers) {
      const replaced = new Map(inputs.map(({ binding, name }) => [binding, resources.get(name)!]));
      const packed = prepared.params;
      prepared.bindGroups[index] = bindGroupOf(gpu, this.dispatches[index]!, { packed, index, replaced });
    }
    this.bound = resources;
  }
}

function isSame(known: GPUBufferBinding | undefined, buffer: GPUBuffer, offset: number | undefined): boolean {
  return known?.buffer === buffer && known.offset === offset;
}
