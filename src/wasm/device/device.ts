import type { SimdFeatures } from '../interface/compiled_kernel.ts';
import { createBindGroup } from './bind_group.ts';
import { createBindGroupLayout, createPipelineLayout } from './bind_group_layout.ts';
import { createBuffer } from './buffer.ts';
import { WasmCommandEncoder } from './command_encoder.ts';
import type { Context } from './context.ts';
import { ErrorScopes } from './error_scopes.ts';
import { GPUUncapturedErrorEvent, messageOf, notForCompute, operationError } from './errors.ts';
import { deferred } from './execution/deferred.ts';
import type { Executor } from './execution/executor.ts';
import type { Heap, HeapUse } from './execution/heap.ts';
import type { KernelCompiler, ShaderChecker } from './execution/kernel_handle.ts';
import { Timeline } from './execution/timeline.ts';
import { type Limits, supportedLimits } from './limits.ts';
import { createComputePipeline, createComputePipelineAsync } from './pipeline.ts';
import { createQuerySet } from './query_set.ts';
import { WasmQueue } from './queue.ts';
import { createShaderModule } from './shader_module.ts';

export interface DeviceParts {
  readonly label: string | undefined;
  readonly queueLabel: string | undefined;
  readonly adapterInfo: GPUAdapterInfo;
  readonly features: ReadonlySet<string>;
  readonly limits: Limits;
  readonly simd: SimdFeatures;
  readonly compile: KernelCompiler;
  readonly check: ShaderChecker | undefined;
  readonly heap: Heap;
  readonly executor: Executor;
}

type ErrorHandler = ((this: GPUDevice, event: globalThis.GPUUncapturedErrorEvent) => unknown) | null;

/**
 * A compute device that implements `GPUDevice` with WebAssembly memory and threads.
 *
 * Textures, samplers, rendering and immediates are not supported: these calls throw a NotSupportedError.
 */
export class WasmDevice extends EventTarget implements GPUDevice {
  declare readonly __brand: 'GPUDevice';
  readonly label: string;
  readonly features: GPUSupportedFeatures;
  readonly limits: GPUSupportedLimits;
  readonly adapterInfo: GPUAdapterInfo;
  readonly queue: WasmQueue;
  readonly lost: Promise<GPUDeviceLostInfo>;
  onuncapturederror: ErrorHandler = null;
  private readonly context: Context & { lost: boolean };
  private readonly loss = deferred<GPUDeviceLostInfo>();

  constructor(parts: DeviceParts) {
    super();
    const { heap, executor, limits, features, simd, compile, check } = parts;
    let kernels = 0;
    this.label = parts.label ?? '';
    this.features = features;
    this.limits = supportedLimits(limits);
    this.adapterInfo = parts.adapterInfo;
    this.lost = this.loss.promise;
    this.context = {
      heap,
      executor,
      limits,
      features,
      simd,
      compile,
      check,
      lost: false,
      errors: new ErrorScopes(error => this.uncaptured(error)),
      timeline: new Timeline(error => this.lose('unknown', `A shader failed: ${messageOf(error)}`)),
      nextKernelId: () => ++kernels,
    };
    this.queue = new WasmQueue(this.context, parts.queueLabel);
  }

  /** The number of threads that share a dispatch. */
  get threads(): number {
    return this.context.executor.threads;
  }

  /** The memory in use: by all buffers, and by the device's programs and threads. */
  get heapUse(): HeapUse {
    return this.context.heap.use;
  }

  destroy(): undefined {
    this.lose('destroyed', 'device was destroyed');
  }

  /** Stops all work, frees the memory and resolves `lost`. Does nothing if the device is already lost. */
  lose(reason: GPUDeviceLostReason, message: string): void {
    if (this.context.lost) return;
    this.context.lost = true;
    this.context.errors.silent = true;
    this.context.executor.stop();
    this.context.timeline.stop();
    this.context.heap.close();
    this.loss.resolve({ reason, message } as GPUDeviceLostInfo);
  }

  createBuffer(descriptor: GPUBufferDescriptor): GPUBuffer {
    return createBuffer(this.context, descriptor);
  }

  createBindGroupLayout(descriptor: GPUBindGroupLayoutDescriptor): GPUBindGroupLayout {
    return createBindGroupLayout(this.context, descriptor);
  }

  createPipelineLayout(descriptor: GPUPipelineLayoutDescriptor): GPUPipelineLayout {
    return createPipelineLayout(this.context, descriptor);
  }

  createBindGroup(descriptor: GPUBindGroupDescriptor): GPUBindGroup {
    return createBindGroup(this.context, descriptor);
  }

  createShaderModule(descriptor: GPUShaderModuleDescriptor): GPUShaderModule {
    return createShaderModule(this.context, descriptor);
  }

  createComputePipeline(descriptor: GPUComputePipelineDescriptor): GPUComputePipeline {
    return createComputePipeline(this.context, descriptor);
  }

  createComputePipelineAsync(descriptor: GPUComputePipelineDescriptor): Promise<GPUComputePipeline> {
    return createComputePipelineAsync(this.context, descriptor);
  }

  createCommandEncoder(descriptor: GPUCommandEncoderDescriptor = {}): GPUCommandEncoder {
    return new WasmCommandEncoder(this.context, descriptor.label);
  }

  createQuerySet(descriptor: GPUQuerySetDescriptor): GPUQuerySet {
    return createQuerySet(this.context, descriptor);
  }

  pushErrorScope(filter: GPUErrorFilter): undefined {
    this.context.errors.push(filter);
  }

  async popErrorScope(): Promise<GPUError | null> {
    const found = this.context.errors.pop();
    if (this.context.lost) return null;
    if (found === undefined) throw operationError('No error scope to pop.');
    return found;
  }

  createTexture(): never {
    notForCompute('createTexture');
  }

  createSampler(): never {
    notForCompute('createSampler');
  }

  importExternalTexture(): never {
    notForCompute('importExternalTexture');
  }

  createRenderPipeline(): never {
    notForCompute('createRenderPipeline');
  }

  async createRenderPipelineAsync(): Promise<never> {
    notForCompute('createRenderPipelineAsync');
  }

  createRenderBundleEncoder(): never {
    notForCompute('createRenderBundleEncoder');
  }

  private uncaptured(error: GPUError): void {
    const event = new GPUUncapturedErrorEvent(error);
    this.onuncapturederror?.(event);
    this.dispatchEvent(event);
    if (!event.defaultPrevented && !this.onuncapturederror) console.warn(`Uncaptured WebGPU error: ${error.message}`);
  }
}
