import { CompileError } from '../interface/compile_error.ts';
import type { CompiledKernel, KernelBinding } from '../interface/compiled_kernel.ts';
import { ApiObject } from './api_object.ts';
import { autoLayout, WasmBindGroupLayout, WasmPipelineLayout } from './bind_group_layout.ts';
import { SHADER_STAGE } from './constants.ts';
import { type Context, expectUsable } from './context.ts';
import { BrokenRule, broken, GPUPipelineError, messageOf } from './errors.ts';
import { breathe } from './execution/breathe.ts';
import type { KernelHandle } from './execution/kernel_handle.ts';
import type { WasmShaderModule } from './shader_module.ts';

/** Removes a kernel from the threads once no pipeline and no command uses it. */
const dropped = new FinalizationRegistry<() => void>(forget => forget());

export class WasmComputePipeline extends ApiObject implements GPUComputePipeline {
  declare readonly __brand: 'GPUComputePipeline';
  kernel: KernelHandle | undefined;
  bindings: readonly KernelBinding[] = [];
  layout: WasmPipelineLayout | undefined;

  constructor(context: Context, label: string | undefined) {
    super('ComputePipeline', context, label);
  }

  getBindGroupLayout(index: number): GPUBindGroupLayout {
    const found = this.layout?.groups[index];
    if (found) return found;
    const { context } = this;
    const none = new WasmBindGroupLayout(context, this.label);
    none.valid = context.errors.guard(`${this}.getBindGroupLayout(${index})`, () => {
      expectUsable(context, this);
      if (index >= context.limits.maxBindGroups)
        broken(
          `Bind group layout index (${index}) exceeds the maximum number of bind groups (${context.limits.maxBindGroups}).`,
        );
    });
    return none;
  }

  complete(compiled: CompiledKernel, layout: WasmPipelineLayout, module: WebAssembly.Module): void {
    const { context } = this;
    const kernel = { id: context.nextKernelId(), module, scratchBytes: compiled.scratchBytes };
    this.kernel = kernel;
    this.bindings = compiled.bindings;
    this.layout = layout;
    const { executor } = context;
    const { id } = kernel;
    dropped.register(kernel, () => executor.forgetKernel(id));
  }
}

export function createComputePipeline(context: Context, descriptor: GPUComputePipelineDescriptor): WasmComputePipeline {
  const pipeline = new WasmComputePipeline(context, descriptor.label);
  const call = `[Device].createComputePipeline(${pipeline})`;
  pipeline.valid = context.errors.guard(call, () => {
    if (context.lost) return;
    const { compiled, layout } = prepare(context, pipeline, descriptor);
    try {
      pipeline.complete(compiled, layout, new WebAssembly.Module(compiled.wasm));
    } catch (error) {
      throw new BrokenRule(messageOf(error), 'internal');
    }
  });
  return pipeline;
}

/** @throws GPUPipelineError */
export async function createComputePipelineAsync(
  context: Context,
  descriptor: GPUComputePipelineDescriptor,
): Promise<WasmComputePipeline> {
  const pipeline = new WasmComputePipeline(context, descriptor.label);
  await breathe();
  if (context.lost) return pipeline;
  try {
    const { compiled, layout } = prepare(context, pipeline, descriptor);
    pipeline.complete(compiled, layout, await WebAssembly.compile(compiled.wasm));
    return pipeline;
  } catch (error) {
    if (!(error instanceof Error) || error instanceof TypeError) throw error;
    const reason = error instanceof BrokenRule && error.filter === 'validation' ? 'validation' : 'internal';
    throw new GPUPipelineError(`${error.message}\n - While calling [Device].createComputePipelineAsync(${pipeline}).`, {
      reason,
    });
  }
}

function prepare(
  context: Context,
  pipeline: WasmComputePipeline,
  { compute, layout }: GPUComputePipelineDescriptor,
): { compiled: CompiledKernel; layout: WasmPipelineLayout } {
  const module = compute.module as WasmShaderModule;
  expectUsable(context, module);
  if (layout instanceof WasmPipelineLayout) expectUsable(context, layout);
  else if (layout !== 'auto')
    throw new TypeError("GPUComputePipelineDescriptor.layout must be 'auto' or a GPUPipelineLayout");
  const entryPoint = module.entryPoint(compute.entryPoint);
  const constants = module.constants(compute.constants ?? {});
  const compiled = compile(module, entryPoint, constants);
  checkWorkgroup(context, entryPoint, compiled);
  if (layout === 'auto')
    return {
      compiled,
      layout: autoLayout(context, pipeline.label, compiled.bindings, `pipeline ${context.nextKernelId()}`),
    };
  for (const binding of compiled.bindings) checkBinding(layout, binding, module);
  return { compiled, layout };
}

function compile(module: WasmShaderModule, entryPoint: string, constants: Record<string, number>): CompiledKernel {
  try {
    return module.compile(entryPoint, constants);
  } catch (error) {
    if (error instanceof CompileError) broken(`${module} does not compile: ${error.message}`);
    throw new BrokenRule(`${module} does not compile: the compiler failed (${messageOf(error)})`, 'internal');
  }
}

function checkWorkgroup(
  { limits }: Context,
  entryPoint: string,
  { workgroupSize, workgroupStorageBytes }: CompiledKernel,
): void {
  const where = `Entry point "${entryPoint}"`;
  const [x, y, z] = workgroupSize;
  const most = [limits.maxComputeWorkgroupSizeX, limits.maxComputeWorkgroupSizeY, limits.maxComputeWorkgroupSizeZ];
  if (workgroupSize.some((size, i) => size < 1 || size > most[i]!))
    broken(
      `Entry-point uses workgroup_size(${workgroupSize.join(', ')}) that exceeds the maximum allowed (${most.join(', ')}).`,
    );
  if (x * y * z > limits.maxComputeInvocationsPerWorkgroup)
    broken(
      `${where}: the number of workgroup invocations (${x * y * z}) exceeds the maximum allowed (${limits.maxComputeInvocationsPerWorkgroup}).`,
    );
  if (workgroupStorageBytes > limits.maxComputeWorkgroupStorageSize)
    broken(
      `${where}: the use of workgroup storage (${workgroupStorageBytes} bytes) is larger than the maximum allowed (${limits.maxComputeWorkgroupStorageSize} bytes).`,
    );
}

/** Checks that the layout contains a binding of the shader, with the same type. @throws BrokenRule */
function checkBinding(layout: WasmPipelineLayout, binding: KernelBinding, module: WasmShaderModule): void {
  const where = `binding "${binding.name}" (group ${binding.group}, binding ${binding.binding}) of ${module}`;
  const group = layout.groups[binding.group];
  const entry = group?.entry(binding.binding);
  if (!entry) broken(`The ${where} is missing from ${group ?? layout}.`);
  if (!(entry.visibility & SHADER_STAGE.COMPUTE)) broken(`The ${where} is not visible to compute in ${group}.`);
  if (entry.type !== binding.type)
    broken(`The ${where} has type ${binding.type} in the shader, which doesn't match ${entry.type} in ${group}.`);
  if (entry.minBindingSize > 0 && entry.minBindingSize < binding.minBindingSize)
    broken(
      `The ${where} needs at least ${binding.minBindingSize} bytes, more than the minBindingSize (${entry.minBindingSize}) of ${group}.`,
    );
}
