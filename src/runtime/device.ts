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
  /** Default `auto`: a hardware GPU if there is one, otherwise WebAssembly. */
  readonly adapter?: AdapterChoice;
  /** Called after every pipeline that was compiled. */
  readonly onCompile?: (compiled: number, requested: number) => void;
  /** Wraps the GPUDevice, for measurements. Raycam uses what it returns. */
  readonly observe?: (gpu: GPUDevice) => GPUDevice;
}

export interface RunOptions<Output extends string> {
  /** Name of the work in errors and profiles: a module path such as `layer1.0.conv1`. */
  readonly label?: string;
  /** Tensors to write to instead of new ones. */
  readonly outputs?: Partial<Record<Output, Tensor>>;
}

/**
 * Runs kernels on a WebGPU device. Operations are recorded when they are called, and submitted together when something
 * is read. Only opening the device, loading weights and reading back are asynchronous.
 */
export class Device {
  private readonly loss: Loss;
  private readonly memory: Memory;
  private readonly pipelines: Pipelines;
  private readonly recorder: Recorder;
  private readonly scopes = new Scopes();
  /** Allocates tensors while a graph is captured. */
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

  /** @throws DeviceError  there is no adapter of that kind, or it cannot be opened */
  static async open(options: DeviceOptions = {}): Promise<Device> {
    const found = await findAdapter(options.adapter ?? 'auto', options);
    const matrix = options.subgroupMatrix ? requireSubgroupMatrix(found.adapter) : undefined;
    const gpu = await requestDevice(found, matrix ? [SUBGROUP_MATRIX_FEATURE] : []);
    const device = new Device(options.observe?.(gpu) ?? gpu, describeAdapter(found, gpu, matrix));
    device.pipelines.onProgress = options.onCompile;
    return device;
  }

  /**
   * Whether a graph that ran twice encodes the commands of its next run as soon as a run is submitted, which shortens
   * the next run's wait for the host. Switch it off to observe the passes of each run.
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

  /** Resolves when the device is lost, for any reason. */
  get lost(): Promise<GPUDeviceLostInfo> {
    return this.gpu.lost;
  }

  /** Why the device was lost: `destroyed` by `dispose`, or `unknown`. Undefined while it is not lost. */
  get lossReason(): GPUDeviceLostReason | undefined {
    return this.loss.reason;
  }

  /** The reason and the driver's message, once the device is lost: `unknown: the driver was reset`. */
  get lossDetail(): string | undefined {
    return this.loss.detail;
  }

  /**
   * Creates a tensor whose content is undefined until a kernel writes it.
   *
   * @throws DeviceError  it exceeds a limit of the adapter
   */
  empty(shape: Shape, label = 'tensor'): Tensor {
    return this.allocate(shape, label, false);
  }

  /**
   * Copies `data` to the device.
   *
   * @throws DeviceError  `data` does not have the shape's size, or exceeds a limit of the adapter
   */
  tensor(data: Float32Array | Uint32Array, shape: Shape, label = 'tensor'): Tensor {
    if (data.length !== elementCount(shape))
      throw new DeviceError(`${label}: ${formatShape(shape)} needs ${elementCount(shape)} values, got ${data.length}`);
    const tensor = this.allocate(shape, label, true);
    this.memory.write(tensor.buffer, label, data);
    return tensor;
  }

  /**
   * Records one dispatch of a kernel and returns its outputs. Nothing runs until `submit` or a readback.
   *
   * @throws ShapeError  the kernel's plan rejects the shapes
   * @throws DeviceError  an input is disposed, or belongs to another device
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

  /**
   * Runs `work`, then frees every tensor made inside except those that it returns: alone, or in an array, a Map or a
   * record.
   */
  scope<Result>(work: () => Result): Result {
    return this.scopes.run(work);
  }

  /**
   * Captures the dispatches of `work` as a graph that can be replayed with inputs of these shapes. Nothing is executed.
   *
   * `work` must not read anything back. Tensors that it uploads are written once, during the capture. The tensors that
   * it returns belong to the graph.
   *
   *     const graph = device.capture({ x }, ({ x }) => model.forward(x));
   *     const { logits } = graph.run({ x });
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

  /** Runs `work`, and frees every tensor made inside if it throws. For objects that own several tensors. */
  attempt<Result>(work: () => Result): Result {
    return this.scopes.attempt(work);
  }

  /** Makes the current scope free this tensor. */
  track(tensor: Tensor): Tensor {
    return this.scopes.track(tensor);
  }

  /** Removes a tensor from every scope. It lives until it is disposed. */
  detach(tensor: Tensor): Tensor {
    return this.scopes.detach(tensor);
  }

  /**
   * Submits everything recorded so far, and waits until the adapter has accepted it.
   *
   * @throws DeviceError | ShaderError
   */
  submit(): Promise<void> {
    return this.recorder.submit();
  }

  /**
   * Submits everything recorded so far, and returns the tensor's elements, which are never stale.
   *
   * @throws DeviceError  a submit that should have written the tensor failed, or the device was lost
   */
  async read(tensor: Tensor): Promise<Float32Array> {
    const bytes = await this.recorder.read(tensor);
    return new Float32Array(bytes);
  }

  /** Submits, and destroys freed buffers that no command waits for. */
  async trim(): Promise<void> {
    await this.submit();
    this.memory.trim();
  }

  /**
   * Like `trim`, but first waits until the adapter has finished what is recorded, so that buffers it still reads are
   * freed too.
   *
   * @throws DeviceError | ShaderError
   */
  async drain(): Promise<void> {
    await this.submit();
    await this.loss.race(this.gpu.queue.onSubmittedWorkDone());
    this.memory.trim();
  }

  /** Destroys the device and all its tensors. */
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
    // An omitted optional input is never read. The first input, which is bound anyway, is its placeholder.
    const bound = names.map(name => tensors[name] ?? tensors[kernel.inputs[0]!]!);
    for (const tensor of bound) {
      if (tensor.device !== this) throw new DeviceError(`${label}: tensor ${tensor.label} belongs to another device`);
      tensor.buffer; // throws if the tensor cannot be used
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

/** @throws DeviceError  a buffer is written and bound twice, which WebGPU forbids even for disjoint ranges */
function checkAliases(kernel: AnyKernel, bound: readonly Tensor[], label: string): void {
  const bindings = kernel.interface.bindings;
  bound.forEach((tensor, i) => {
    const other = bound.findIndex(({ buffer }, j) => j !== i && buffer === tensor.buffer);
    if (other >= 0 && bindings[i]!.type === 'storage')
      throw new DeviceError(
        `${label}: ${bindings[i]!.name} is written but shares memory with ${bindings[other]!.name} (${tensor.label}). Copy one of them`,
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
      `device: ${adapterName(adapter)} cannot be opened (${firstLine(messageOf(error))}). Run \`raycam doctor\` to see which adapters work`,
      { cause: error },
    );
  }
}
