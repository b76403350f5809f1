import { BenchError } from '../errors/index.ts';
import type { WantedPipeline } from './null_device.ts';

/** Remembers the descriptors of a device's objects, which WebGPU does not expose. */
export class Descriptors {
  private readonly groups = new WeakMap<GPUBindGroup, GPUBindGroupDescriptor>();
  private readonly layouts = new WeakMap<GPUBindGroupLayout, GPUBindGroupLayoutDescriptor>();
  private readonly pipelineLayouts = new WeakMap<GPUPipelineLayout, GPUPipelineLayoutDescriptor>();
  private readonly modules = new WeakMap<GPUShaderModule, string>();
  private readonly pipelines = new WeakMap<GPUComputePipeline, GPUComputePipelineDescriptor>();

  /** Returns replacements of the device's methods that create objects. They also remember the descriptors. */
  observe(gpu: GPUDevice): Partial<GPUDevice> {
    return {
      createBindGroup: descriptor => keep(this.groups, gpu.createBindGroup(descriptor), descriptor),
      createBindGroupLayout: descriptor => keep(this.layouts, gpu.createBindGroupLayout(descriptor), descriptor),
      createPipelineLayout: descriptor => keep(this.pipelineLayouts, gpu.createPipelineLayout(descriptor), descriptor),
      createShaderModule: descriptor => keep(this.modules, gpu.createShaderModule(descriptor), descriptor.code),
      createComputePipeline: descriptor => this.made(gpu.createComputePipeline(descriptor), descriptor),
    };
  }

  made(pipeline: GPUComputePipeline, descriptor: GPUComputePipelineDescriptor): GPUComputePipeline {
    return keep(this.pipelines, pipeline, descriptor);
  }

  labelOf(group: GPUBindGroup): string {
    return this.groups.get(group)?.label ?? '';
  }

  entriesOf(group: GPUBindGroup): readonly GPUBindGroupEntry[] {
    return [...this.groups.get(group)!.entries];
  }

  /**
   * Returns a key of everything that determines the compiled pipeline: the shader's text and the constants. The layout
   * follows from the text.
   */
  keyOf({ compute }: GPUComputePipelineDescriptor): string {
    return pipelineKey(this.modules.get(compute.module)!, compute);
  }

  /**
   * Returns what is needed to create a pipeline on another device.
   *
   * @throws BenchError  the pipeline has the layout "auto"
   */
  wantedOf(pipeline: GPUComputePipeline): WantedPipeline {
    const { label, compute, layout } = this.pipelines.get(pipeline)!;
    if (layout === 'auto') throw new BenchError(`bench: ${label} has no explicit layout. Create its pipeline with one`);
    const { bindGroupLayouts } = this.pipelineLayouts.get(layout)!;
    return {
      label: label ?? '',
      code: this.modules.get(compute.module)!,
      entryPoint: compute.entryPoint,
      constants: compute.constants ?? {},
      layouts: [...bindGroupLayouts].map(group => this.layouts.get(group!)!),
    };
  }
}

/** Returns the key of a pipeline, which consists of its shader's text, its entry point and its constants. */
export function pipelineKey(
  code: string,
  { entryPoint, constants = {} }: Pick<GPUProgrammableStage, 'entryPoint' | 'constants'>,
): string {
  return JSON.stringify([entryPoint, constants, code]);
}

function keep<Key extends WeakKey, Value>(map: WeakMap<Key, Value>, key: Key, value: Value): Key {
  map.set(key, value);
  return key;
}
