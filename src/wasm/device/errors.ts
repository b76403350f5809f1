/**
 * The base of the `GPUError` classes. They are defined here because not every engine gives its own classes public
 * constructors.
 */
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

/** The error with which `createComputePipelineAsync` rejects. */
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

/** A WebGPU rule that a call breaks. The call turns it into a GPUError; callers of the API never see it. */
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

/** Returns the message of a thrown value of any type. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function operationError(message: string): DOMException {
  return new DOMException(message, 'OperationError');
}

/** Refuses a call that needs textures, samplers, rendering or immediates. @throws DOMException  NotSupportedError */
export function notForCompute(what: string): never {
  throw new DOMException(`${what}: this device supports only compute with buffers`, 'NotSupportedError');
}

/**
 * Converts a value to a whole number from 0 to `most`, as WebIDL's [EnforceRange] requires.
 *
 * @throws TypeError  the value is outside the range
 */
export function wholeNumber(value: unknown, what: string, most = Number.MAX_SAFE_INTEGER): number {
  const number = Math.trunc(Number(value));
  if (!Number.isFinite(number) || number < 0 || number > most)
    throw new TypeError(`${what} must be a whole number from 0 to ${most}, got ${String(value)}`);
  return number;
}
