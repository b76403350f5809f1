import { firstLine, messageOf, ShaderError } from '../errors/index.ts';
import type { Kernel } from './kernel.ts';

export interface Pipeline {
  readonly layout: GPUBindGroupLayout;
  /**
   * Resolves when the pipeline is compiled. A call after a failure retries: running out of memory may be temporary.
   *
   * @throws ShaderError  with file, line and column
   */
  compiled(): Promise<GPUComputePipeline>;
}

// biome-ignore lint/suspicious/noExplicitAny: a kernel with any names
export type AnyKernel = Kernel<any, any, any, any, any>;

/**
 * Compiles each pipeline once. The cache key is the shader's text and its constants, which is all that a pipeline
 * depends on.
 */
export class Pipelines {
  private readonly cache = new Map<string, Pipeline>();
  private readonly modules = new Map<string, GPUShaderModule>();
  private readonly layouts = new Map<string, GPUBindGroupLayout>();
  private compiled = 0;
  /** Called after each compilation. */
  onProgress: ((compiled: number, requested: number) => void) | undefined;

  constructor(private readonly device: GPUDevice) {}

  get size(): number {
    return this.cache.size;
  }

  /** Returns a kernel's pipeline. The first call starts its compilation. */
  get(kernel: AnyKernel, constants: Readonly<Record<string, number>>): Pipeline {
    const key = `${JSON.stringify(constants)}\n${kernel.shader}`;
    const known = this.cache.get(key);
    if (known) return known;
    const layout = this.layout(kernel);
    const pipeline = { layout, compiled: retried(() => this.compile(kernel, constants, layout)) };
    this.cache.set(key, pipeline);
    return pipeline;
  }

  private async compile(kernel: AnyKernel, constants: Readonly<Record<string, number>>, layout: GPUBindGroupLayout) {
    for (const name of Object.keys(constants))
      if (!kernel.interface.overrides.includes(name))
        throw new ShaderError(
          `${kernel.name}.wgsl: unknown override "${name}". Known: ${kernel.interface.overrides.join(', ')}`,
        );
    this.device.pushErrorScope('validation');
    const module = this.module(kernel);
    const invalid = this.device.popErrorScope();
    try {
      const pipeline = await this.device.createComputePipelineAsync({
        label: kernel.name,
        layout: this.device.createPipelineLayout({ label: kernel.name, bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: 'main', constants },
      });
      await invalid;
      this.compiled++;
      this.onProgress?.(this.compiled, this.cache.size);
      return pipeline;
    } catch (error) {
      this.modules.delete(kernel.shader);
      throw await explain(kernel.name, module, error);
    }
  }

  private module(kernel: AnyKernel): GPUShaderModule {
    let module = this.modules.get(kernel.shader);
    if (!module) {
      module = this.device.createShaderModule({ label: `${kernel.name}.wgsl`, code: kernel.shader });
      this.modules.set(kernel.shader, module);
    }
    return module;
  }

  /** Returns an explicit layout, which keeps bindings that some constants make unused. */
  private layout(kernel: AnyKernel): GPUBindGroupLayout {
    const key = kernel.interface.bindings.map(binding => binding.type).join();
    let layout = this.layouts.get(key);
    if (!layout) {
      layout = this.device.createBindGroupLayout({
        entries: kernel.interface.bindings.map(({ type }, binding) => ({ binding, visibility: 4, buffer: { type } })), // GPUShaderStage.COMPUTE
      });
      this.layouts.set(key, layout);
    }
    return layout;
  }
}

/** Calls `start` now. A failure rejects for all current callers; the next call starts again. */
function retried<Value>(start: () => Promise<Value>): () => Promise<Value> {
  let attempt: Promise<Value> | undefined = start();
  attempt.catch(() => {}); // the submit that needs it reports it
  return async () => {
    attempt ??= start();
    const own = attempt;
    try {
      return await own;
    } catch (error) {
      if (attempt === own) attempt = undefined;
      throw error;
    }
  };
}

async function explain(name: string, module: GPUShaderModule, error: unknown): Promise<ShaderError> {
  const { messages } = await module.getCompilationInfo();
  const first = messages.find(message => message.type === 'error');
  return new ShaderError(
    first
      ? `${name}.wgsl:${first.lineNum}:${first.linePos}: ${first.message}`
      : `${name}.wgsl: ${firstLine(messageOf(error))}`,
    { cause: error },
  );
}
