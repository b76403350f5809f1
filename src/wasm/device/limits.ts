import { operationError } from './errors.ts';

export type LimitName = Exclude<
  keyof GPUSupportedLimits,
  | '__brand'
  | 'maxStorageBuffersInVertexStage'
  | 'maxStorageBuffersInFragmentStage'
  | 'maxStorageTexturesInVertexStage'
  | 'maxStorageTexturesInFragmentStage'
>;
export type Limits = Readonly<Record<LimitName, number>>;

/** WebGPU's default limits, which a device has unless it requests better ones. */
export const DEFAULT_LIMITS: Limits = {
  maxTextureDimension1D: 8192,
  maxTextureDimension2D: 8192,
  maxTextureDimension3D: 2048,
  maxTextureArrayLayers: 256,
  maxBindGroups: 4,
  maxBindGroupsPlusVertexBuffers: 24,
  maxBindingsPerBindGroup: 1000,
  maxDynamicUniformBuffersPerPipelineLayout: 8,
  maxDynamicStorageBuffersPerPipelineLayout: 4,
  maxSampledTexturesPerShaderStage: 16,
  maxSamplersPerShaderStage: 16,
  maxStorageBuffersPerShaderStage: 8,
  maxStorageTexturesPerShaderStage: 4,
  maxUniformBuffersPerShaderStage: 12,
  maxUniformBufferBindingSize: 65536,
  maxStorageBufferBindingSize: 134217728,
  minUniformBufferOffsetAlignment: 256,
  minStorageBufferOffsetAlignment: 256,
  maxVertexBuffers: 8,
  maxBufferSize: 268435456,
  maxVertexAttributes: 16,
  maxVertexBufferArrayStride: 2048,
  maxInterStageShaderVariables: 16,
  maxColorAttachments: 8,
  maxColorAttachmentBytesPerSample: 32,
  maxComputeWorkgroupStorageSize: 16384,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxComputeWorkgroupSizeY: 256,
  maxComputeWorkgroupSizeZ: 64,
  maxComputeWorkgroupsPerDimension: 65535,
  maxImmediateSize: 0,
};

/** Sizes stay below 2^31, so that no length in a kernel has its highest bit set. */
const MAX_BUFFER_BYTES = 2 ** 31 - 4;

/** The best limits that the adapter supports. */
export const ADAPTER_LIMITS: Limits = {
  ...DEFAULT_LIMITS,
  maxDynamicUniformBuffersPerPipelineLayout: 16,
  maxDynamicStorageBuffersPerPipelineLayout: 16,
  maxStorageBuffersPerShaderStage: 32,
  maxUniformBuffersPerShaderStage: 16,
  maxStorageBufferBindingSize: MAX_BUFFER_BYTES,
  minUniformBufferOffsetAlignment: 32,
  minStorageBufferOffsetAlignment: 32,
  maxBufferSize: MAX_BUFFER_BYTES,
  maxComputeWorkgroupStorageSize: 65536,
  maxComputeInvocationsPerWorkgroup: 1024,
  maxComputeWorkgroupSizeX: 1024,
  maxComputeWorkgroupSizeY: 1024,
  maxComputeWorkgroupSizeZ: 64,
};

/**
 * Returns the limits of a device: the defaults, improved by the requested limits.
 *
 * @throws DOMException  OperationError: a limit is unknown, or better than the adapter's
 */
export function deviceLimits(required: Readonly<Record<string, number | undefined>>, adapter: Limits): Limits {
  const limits: Record<LimitName, number> = { ...DEFAULT_LIMITS };
  for (const [name, value] of Object.entries(required)) {
    if (value === undefined) continue;
    if (!isLimitName(name)) throw operationError(`Required limit ${name} is not known.`);
    const least = name.startsWith('min');
    const best = adapter[name];
    if (least ? value < best : value > best)
      throw operationError(
        `Required ${name} limit (${value}) is ${least ? 'less' : 'greater'} than the supported ${best}.`,
      );
    if (least && (!Number.isInteger(Math.log2(value)) || value > 2 ** 31))
      throw operationError(`Required ${name} limit (${value}) is not a power of two.`);
    limits[name] = least ? Math.min(limits[name], value) : Math.max(limits[name], value);
  }
  return limits;
}

/** Returns the limits as the API exposes them. */
export function supportedLimits(limits: Limits): GPUSupportedLimits {
  return Object.freeze({
    ...limits,
    maxStorageBuffersInVertexStage: limits.maxStorageBuffersPerShaderStage,
    maxStorageBuffersInFragmentStage: limits.maxStorageBuffersPerShaderStage,
    maxStorageTexturesInVertexStage: limits.maxStorageTexturesPerShaderStage,
    maxStorageTexturesInFragmentStage: limits.maxStorageTexturesPerShaderStage,
  }) as GPUSupportedLimits;
}

function isLimitName(name: string): name is LimitName {
  return Object.hasOwn(DEFAULT_LIMITS, name);
}
