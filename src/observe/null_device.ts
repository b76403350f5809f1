/** The descriptors of a requested pipeline. Any device can create it from them. */
export interface WantedPipeline {
  readonly label: string;
  readonly code: string;
  readonly entryPoint: string | undefined;
  readonly constants: Readonly<Record<string, number>>;
  readonly layouts: readonly GPUBindGroupLayoutDescriptor[];
}

interface NullDevice {
  readonly gpu: GPUDevice;
  readonly pipelines: readonly WantedPipeline[];
}

/**
 * Returns a device with the limits and features of another, on which every call succeeds and nothing runs. It records
 * which pipelines a program requests. Its objects are their own descriptors.
 */
export function nullDevice({ limits, features }: GPUDevice): NullDevice {
  const pipelines: WantedPipeline[] = [];
  const pipeline = (descriptor: GPUComputePipelineDescriptor) => {
    pipelines.push(wanted(descriptor));
    return descriptor;
  };
  const none = () => undefined;
  const settled = async () => undefined;
  const pass = {
    setPipeline: none,
    setBindGroup: none,
    dispatchWorkgroups: none,
    pushDebugGroup: none,
    popDebugGroup: none,
    end: none,
  };
  const encoder = {
    beginComputePass: () => pass,
    copyBufferToBuffer: none,
    clearBuffer: none,
    finish: () => ({}),
  };
  const gpu = {
    limits,
    features,
    lost: new Promise<never>(() => {}),
    queue: { writeBuffer: none, submit: none, onSubmittedWorkDone: settled },
    createBuffer: (descriptor: GPUBufferDescriptor) => ({
      ...descriptor,
      destroy: none,
      mapAsync: settled,
      getMappedRange: () => new ArrayBuffer(descriptor.size),
      unmap: none,
    }),
    createBindGroupLayout: own,
    createPipelineLayout: own,
    createBindGroup: own,
    createShaderModule: own,
    createComputePipeline: pipeline,
    createComputePipelineAsync: async (descriptor: GPUComputePipelineDescriptor) => pipeline(descriptor),
    createCommandEncoder: () => encoder,
    pushErrorScope: none,
    popErrorScope: async () => null,
    destroy: none,
  };
  return { gpu: gpu as unknown as GPUDevice, pipelines };
}

function wanted({ label, compute, layout }: GPUComputePipelineDescriptor): WantedPipeline {
  const { code } = compute.module as unknown as GPUShaderModuleDescriptor;
  const { bindGroupLayouts } = layout as unknown as { bindGroupLayouts: readonly GPUBindGroupLayoutDescriptor[] };
  return {
    label: label ?? '',
    code,
    entryPoint: compute.entryPoint,
    constants: compute.constants ?? {},
    layouts: bindGroupLayouts,
  };
}

function own<Descriptor>(descriptor: Descriptor): Descriptor {
  return descriptor;
}
