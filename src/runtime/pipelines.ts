import { firstLine, messageOf, ShaderError } from '../errors/index.ts';
import type { Kernel } from './kernel.ts';

export interface Pipeline {
  readonly layout: GPUBindGroupLayout;
  /** @throws ShaderError  names file, line and column; it is tried anew for the next who asks, since memory that ran out may be back */
  compiled(): Promise<GPUComputePipeline>;
}

// biome-ignore lint/suspicious/noExplicitAny: any kernel, whatever its names
export type AnyKernel = Kernel<any, any, any, any, any>;

/**
 * Compiled pipelines, each made once. The key is the shader's text and its constants: nothing hand-made that could
 * forget what a shader depends on.
 */
export class Pipelines {
  private readonly cache = new Map<string, Pipeline>();
  private readonly modules = new Map<string, GPUShaderModule>();
  private readonly layouts = new Map<string, GPUBindGroupLayout>();
  private compiled = 0;
  /** Called when a compilation ends. */
  onProgress: ((compiled: number, requested: number) => void) | undefined;

  constructor(private readonly device: GPUDevice) {}

  get size(): number {
    return this.cache.size;
  }

  /** Starts the compilation, the first time. */
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
          `${kernel.name}.wgsl: no override ${name}, the shader has [${kernel.interface.overrides.join(', ')}]`,
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

  /** Explicit, so that a binding which some constants leave unused stays bound. */
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

/** Starts now. A failure goes to all who wait for it; the next who asks starts anew. */
function retried<Value>(start: () => Promise<Value>): () => Promise<Value> {
  let attempt: Promise<Value> | undefined = start();
  attempt.catch(() => {}); // told to the submit that needs it
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
