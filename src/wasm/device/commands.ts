import type { WasmBuffer } from './buffer.ts';
import type { KernelHandle } from './execution/kernel_handle.ts';
import type { WasmQuerySet } from './query_set.ts';

/** The range of a buffer that a command uses, in bytes. */
export interface BoundRange {
  readonly buffer: WasmBuffer;
  readonly offset: number;
  readonly size: number;
}

/**
 * Workgroup counts that are read from a buffer when the dispatch starts. If one is above `most`, nothing is dispatched.
 */
export interface IndirectWorkgroups {
  readonly buffer: WasmBuffer;
  readonly offset: number;
  readonly most: number;
}

/** One command of a command buffer. */
export type Command =
  | {
      readonly kind: 'dispatch';
      readonly kernel: KernelHandle;
      /** In the order of the kernel's bindings. */
      readonly bindings: readonly BoundRange[];
      readonly workgroups: readonly [number, number, number] | IndirectWorkgroups;
    }
  | { readonly kind: 'copy'; readonly from: BoundRange; readonly to: BoundRange }
  | { readonly kind: 'clear'; readonly to: BoundRange }
  | { readonly kind: 'timestamp'; readonly querySet: WasmQuerySet; readonly index: number }
  | { readonly kind: 'resolve'; readonly querySet: WasmQuerySet; readonly first: number; readonly to: BoundRange };

/** A program counts workgroups in 32 bits; this limit leaves room for every thread to count past the end. */
export const MOST_WORKGROUPS = 2 ** 30;
