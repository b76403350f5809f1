/** The kinds of `GPUError`. The classes are WebGPU's by name; a page's own classes have no public constructors on every engine. */
abstract class WasmGpuError {
  constructor(readonly message: string) {}
}

export class GPUValidationError extends WasmGpuError implements globalThis.GPUValidationError {
  declare readonly __brand: 'GPUValidationError';
}

export class GPUOutOfMemoryError extends WasmGpuError implements globalThis.GPUOutOfMemoryError {
  declare readonly __brand: 'GPUOutOfMemoryError';
}

export class GPUInternalError extends WasmGpuError implements globalThis.GPUInternalError {
  declare readonly __brand: 'GPUInternalError';
}

/** Why a pipeline was not made; what `createComputePipelineAsync` rejects with. */
export class GPUPipelineError extends DOMException implements globalThis.GPUPipelineError {
  declare readonly __brand: 'GPUPipelineError';
  readonly reason: GPUPipelineErrorReason;

  constructor(message: string, { reason }: GPUPipelineErrorInit) {
    super(message, 'GPUPipelineError');
    this.reason = reason;
  }
}

export class GPUUncapturedErrorEvent extends Event implements globalThis.GPUUncapturedErrorEvent {
  declare readonly __brand: 'GPUUncapturedErrorEvent';

  constructor(readonly error: GPUError) {
    super('uncapturederror', { cancelable: true });
  }
}

/** A rule of WebGPU that a call breaks; becomes a GPUError where the call ends. Never leaves this folder. */
export class BrokenRule extends Error {
  constructor(
    message: string,
    readonly filter: GPUErrorFilter = 'validation',
  ) {
    super(message);
  }
}

export function broken(message: string): never {
  throw new BrokenRule(message);
}

export function gpuError(filter: GPUErrorFilter, message: string): GPUError {
  if (filter === 'out-of-memory') return new GPUOutOfMemoryError(message);
  return filter === 'internal' ? new GPUInternalError(message) : new GPUValidationError(message);
}

/** What a failure says of itself, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function operationError(message: string): DOMException {
  return new DOMException(message, 'OperationError');
}

/** What is no part of a compute device: textures, samplers, rendering. */
export function notForCompute(what: string): never {
  throw new DOMException(`${what}: this device computes on buffers alone`, 'NotSupportedError');
}

/**
 * A whole number of at least 0, as WebIDL's [EnforceRange] demands.
 *
 * @throws TypeError
 */
export function wholeNumber(value: unknown, what: string, most = Number.MAX_SAFE_INTEGER): number {
  const number = Math.trunc(Number(value));
  if (!Number.isFinite(number) || number < 0 || number > most)
    throw new TypeError(`${what} must be a whole number from 0 to ${most}, got ${String(value)}`);
  return number;
}
