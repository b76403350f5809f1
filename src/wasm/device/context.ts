import type { SimdFeatures } from '../interface/compiled_kernel.ts';
import type { ErrorScopes } from './error_scopes.ts';
import { broken } from './errors.ts';
import type { Executor } from './execution/executor.ts';
import type { Heap } from './execution/heap.ts';
import type { KernelCompiler, ShaderChecker } from './execution/kernel_handle.ts';
import type { Timeline } from './execution/timeline.ts';
import type { Limits } from './limits.ts';

/** The state that all objects of a device share. */
export interface Context {
  readonly heap: Heap;
  readonly errors: ErrorScopes;
  readonly timeline: Timeline;
  readonly executor: Executor;
  readonly limits: Limits;
  readonly features: ReadonlySet<string>;
  readonly simd: SimdFeatures;
  readonly compile: KernelCompiler;
  readonly check: ShaderChecker | undefined;
  readonly lost: boolean;
  nextKernelId(): number;
}

interface Owned {
  readonly context: Context;
  readonly valid: boolean;
  toString(): string;
}

/** @throws BrokenRule  the object belongs to another device, or its creation failed */
export function expectUsable(context: Context, object: Owned): void {
  if (object.context !== context) broken(`${object} is associated with another device.`);
  if (!object.valid) broken(`${object} is invalid.`);
}
