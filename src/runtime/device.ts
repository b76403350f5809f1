import { DeviceError, firstLine, messageOf } from '../errors/index.ts';
import {
  type AdapterChoice,
  type AdapterOptions,
  type AdapterReport,
  adapterName,
  describeAdapter,
  type FoundAdapter,
  hasFeatureOf,
  sizeLimits,
} from './adapter.ts';
import { CapturedGraph, type GraphInputs } from './captured_graph.ts';
import type { Dispatch } from './dispatch.ts';
import { findAdapter } from './find_adapter.ts';
import { GraphMemory } from './graph_memory.ts';
import type { DispatchPlan, Kernel } from './kernel.ts';
import { Loss } from './loss.ts';
import { Memory, type MemoryUse } from './memory.ts';
import { type AnyKernel, Pipelines } from './pipelines.ts';
import { Recorder } from './recorder.ts';
import { Scopes, tensorsIn } from './scopes.ts';
import { elementCount, formatShape, type Shape } from './shape.ts';
import { requireSubgroupMatrix, SUBGROUP_MATRIX_FEATURE } from './subgroup_matrix.ts';
import { Storage, Tensor } from './tensor.ts';

export interface DeviceOptions extends AdapterOptions {
  /** Which adapter; `auto` takes a hardware GPU where there is one, else WebAssembly. */
  readonly adapter?: AdapterChoice;
  /** Told of every pipeline compiled. */
  readonly onCompile?: (compiled: number, requested: number) => void;
  /** Stands between Raycam and the device: what it returns is used in its place. For measuring. */
  readonly observe?: (gpu: GPUDevice) => GPUDevice;
}

export interface RunOptions<Output extends string> {
  /** Names the work in errors and profiles: a module path such as `layer1.0.conv1`. */
  readonly label?: string;
  /** Tensors to write to, in place of new ones. */
  readonly outputs?: Partial<Record<Output, Tensor>>;
}

/**
 * A GPU to run kernels on. Operations are recorded as they are called and submitted together when something is read;
 * asynchrony is at three doors only: opening the device, loading weights, reading back.
 */
export class Device {
  private readonly loss: Loss;
  private readonly memory: Memory;
  private readonly pipelines: Pipelines;
  private readonly recorder: Recorder;
  private readonly scopes = new Scopes();
  /** Where tensors come from while a plan is captured. */
  private graphMemory: GraphMemory | undefined;

  private constructor(
    private readonly gpu: GPUDevice,
    readonly adapter: AdapterReport,
  ) {
    this.loss = new Loss(gpu.lost);
    this.memory = new Memory(gpu, this.loss);
    this.pipelines = new Pipelines(gpu);
    this.recorder = new Recorder(gpu, this.memory, this.loss);
  }

  /** @throws DeviceError  no adapter of that kind, or the adapter gives no device */
  static async open(options: DeviceOptions = {}): Promise<Device> {
    const found = await findAdapter(options.adapter ?? 'auto', options);
    const matrix = options.subgroupMatrix ? requireSubgroupMatrix(found.adapter) : undefined;
    const gpu = await requestDevice(found, matrix ? [SUBGROUP_MATRIX_FEATURE] : []);
    const device = new Device(options.observe?.(gpu) ?? gpu, describeAdapter(found, gpu, matrix));
    device.pipelines.onProgress = options.onCompile;
    return device;
  }

  /**
   * Whether the commands of a plan that ran twice are encoded for the next run as soon as one is submitted: that run then waits for
   * the host less long. Off where each run's passes are watched.
   */
  get encodesAhead(): boolean {
    return this.recorder.encodesAhead;
  }

  set encodesAhead(value: boolean) {
    this.recorder.encodesAhead = value;
  }

  get limits(): GPUSupportedLimits {
    return this.gpu.limits;
  }

  get memoryUse(): MemoryUse {
    return this.memory.use;
  }

  /** Resolves when the device is lost, whoever caused it. */
  get lost(): Promise<GPUDeviceLostInfo> {
    return this.gpu.lost;
  }

  /** Why it was lost, if it was: `destroyed` by `dispose`, else for a reason that nobody here chose. */
  get lossReason(): GPUDeviceLostReason | undefined {
    return this.loss.reason;
  }

  /** The reason and the driver's message, if the device is lost: `unknown: the driver was reset`. */
  get lossDetail(): string | undefined {
    return this.loss.detail;
  }

  /** A tensor whose content is undefined until a kernel has written it. @throws DeviceError over the adapter's limits */
  empty(shape: Shape, label = 'tensor'): Tensor {
    return this.allocate(shape, label, false);
  }

  /** A copy of `data` on the device. @throws DeviceError the shape and the data differ in size, or a limit is passed */
  tensor(data: Float32Array | Uint32Array, shape: Shape, label = 'tensor'): Tensor {
    if (data.length !== elementCount(shape))
      throw new DeviceError(
        `${label}: shape ${formatShape(shape)} holds ${elementCount(shape)} elements, got ${data.length}`,
      );
    const tensor = this.allocate(shape, label, true);
    this.memory.write(tensor.buffer, label, data);
    return tensor;
  }

  /**
   * Records one dispatch of a kernel and returns its outputs. Nothing runs until `submit` or a readback.
   *
   * @throws ShapeError  by the kernel's plan
   * @throws DeviceError  an input was disposed of, or comes from another device
   */
  run<Input extends string, Optional extends string, Inout extends string, Output extends string, Options>(
    kernel: Kernel<Input, Optional, Inout, Output, Options>,
    inputs: Record<Input | Inout, Tensor> & Partial<Record<Optional, Tensor | undefined>>,
    options: Options,
    { label = kernel.name, outputs: given }: RunOptions<Output> = {},
  ): Record<Output, Tensor> {
    const tensors = inputs as Record<string, Tensor | undefined>;
    const shapes: Record<string, Shape> = {};
    for (const [name, tensor] of Object.entries(tensors)) if (tensor) shapes[name] = tensor.shape;
    const plan: DispatchPlan<Output> = kernel.plan(shapes as Parameters<typeof kernel.plan>[0], options);
    const outputs = {} as Record<Output, Tensor>;
    for (const name of kernel.outputs) outputs[name] = given?.[name] ?? this.empty(plan.outputs[name], label);
    this.recorder.record(this.dispatch(kernel, plan, { ...tensors, ...outputs }, label));
    return outputs;
  }

  /** Frees every tensor made inside `work` but those it returns, alone, in an array, a Map or a record. */
  scope<Result>(work: () => Result): Result {
    return this.scopes.run(work);
  }

  /**
   * Records what `work` does with inputs of these shapes, to be run many times. Nothing is executed.
   *
   * `work` reads nothing back. Tensors that it uploads are written once, now. What it returns belongs to the plan.
   *
   *     const plan = device.capture({ x }, ({ x }) => model.forward(x));
   *     const { logits } = plan.run({ x });
   */
  capture<Inputs extends GraphInputs, Result>(
    inputs: Inputs,
    work: (inputs: Inputs) => Result,
  ): CapturedGraph<Inputs, Result> {
    const memory = new GraphMemory(this.memory);
    const outer = this.graphMemory;
    this.graphMemory = memory;
    try {
      const { result, dispatches } = this.recorder.capture(() => this.scope(() => work(inputs)));
      const outputs = [...tensorsIn(result)].map(tensor => this.detach(tensor));
      return new CapturedGraph({ recorder: this.recorder, memory, inputs, dispatches, outputs }, result);
    } catch (error) {
      memory.dispose();
      throw error;
    } finally {
      this.graphMemory = outer;
    }
  }

  /** Frees every tensor made inside `work` where it throws: objects that own several are made wholly or not at all. */
  attempt<Result>(work: () => Result): Result {
    return this.scopes.attempt(work);
  }

  /** Puts a tensor under the care of the current scope. */
  track(tensor: Tensor): Tensor {
    return this.scopes.track(tensor);
  }

  /** Takes a tensor out of every scope: it lives until it is disposed of. */
  detach(tensor: Tensor): Tensor {
    return this.scopes.detach(tensor);
  }

  /** Runs what is recorded, and waits until the adapter has accepted it. @throws DeviceError | ShaderError */
  submit(): Promise<void> {
    return this.recorder.submit();
  }

  /** @throws DeviceError  what should have written the tensor failed, or the device was lost: never a stale value */
  async read(tensor: Tensor): Promise<Float32Array> {
    const bytes = await this.recorder.read(tensor);
    return new Float32Array(bytes);
  }

  /** Gives freed buffers back to the adapter. */
  async trim(): Promise<void> {
    await this.submit();
    this.memory.trim();
  }

  /** `trim`, once the adapter has done what is recorded so far: also buffers that it read meanwhile. @throws DeviceError | ShaderError */
  async drain(): Promise<void> {
    await this.submit();
    await this.loss.race(this.gpu.queue.onSubmittedWorkDone());
    this.memory.trim();
  }

  /** Ends the device; every tensor is gone with it. */
  dispose(): void {
    this.gpu.destroy();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  private allocate(shape: Shape, label: string, fresh: boolean): Tensor {
    const owner = this.graphMemory ?? this.memory;
    const buffer = owner.allocate(elementCount(shape) * 4, label, fresh);
    return this.track(new Tensor(this, new Storage(buffer, owner), shape, label));
  }

  private dispatch(
    kernel: AnyKernel,
    plan: DispatchPlan<string>,
    tensors: Record<string, Tensor | undefined>,
    label: string,
  ): Dispatch {
    const names = kernel.interface.bindings.map(binding => binding.name).filter(name => name !== 'params');
    // An optional input that is left out is not read: the first input stands in, which is bound anyway.
    const bound = names.map(name => tensors[name] ?? tensors[kernel.inputs[0]!]!);
    for (const tensor of bound) {
      if (tensor.device !== this) throw new DeviceError(`${label}: tensor ${tensor.label} belongs to another device`);
      tensor.buffer; // throws where the tensor cannot be used
    }
    checkAliases(kernel, bound, label);
    if (!hasFeatureOf(kernel, this.adapter))
      throw new DeviceError(
        `${label}: the kernel ${kernel.name} needs the feature "${kernel.feature}", which ${this.adapter.description} lacks`,
      );
    return {
      label,
      pipeline: this.pipelines.get(kernel, plan.constants ?? {}),
      tensors: bound,
      written: [...kernel.outputs, ...(kernel.inouts ?? [])].map(name => tensors[name]!),
      params: kernel.interface.paramsSizeBytes > 0 ? kernel.packParams(plan.params ?? {}) : undefined,
      workgroups: plan.workgroups,
    };
  }
}

/** @throws DeviceError  what is written is bound twice, which WebGPU refuses for the buffer as a whole */
function checkAliases(kernel: AnyKernel, bound: readonly Tensor[], label: string): void {
  const bindings = kernel.interface.bindings;
  bound.forEach((tensor, i) => {
    const other = bound.findIndex(({ buffer }, j) => j !== i && buffer === tensor.buffer);
    if (other >= 0 && bindings[i]!.type === 'storage')
      throw new DeviceError(
        `${label}: ${bindings[i]!.name} is written, and shares its memory with ${bindings[other]!.name} (${tensor.label}). Copy one of them`,
      );
  });
}

/** @throws DeviceError  the adapter refuses */
async function requestDevice({ adapter }: FoundAdapter, more: readonly GPUFeatureName[]): Promise<GPUDevice> {
  const wanted = ['timestamp-query', 'subgroups', 'shader-f16', ...more] as const;
  try {
    return await adapter.requestDevice({
      label: 'raycam',
      requiredFeatures: wanted.filter(feature => adapter.features.has(feature)),
      requiredLimits: sizeLimits(adapter.limits),
    });
  } catch (error) {
    throw new DeviceError(
      `device: ${adapterName(adapter)} gives no device (${firstLine(messageOf(error))}). Run \`raycam doctor\` to see which adapters work`,
      { cause: error },
    );
  }
}
