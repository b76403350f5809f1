import type { WasmBuffer } from './buffer.ts';
import type { KernelHandle } from './execution/kernel_handle.ts';
import type { WasmQuerySet } from './query_set.ts';

/** Bytes of a buffer that a kernel sees. */
export interface BoundRange {
  readonly buffer: WasmBuffer;
  readonly offset: number;
  readonly size: number;
}

/** Workgroups that a buffer says when the dispatch comes: none where they are over `most` along a dimension. */
export interface IndirectWorkgroups {
  readonly buffer: WasmBuffer;
  readonly offset: number;
  readonly most: number;
}

/** What a command buffer holds. */
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

/** A program counts workgroups in 32 bits, with room for every thread to count past the end. */
export const MOST_WORKGROUPS = 2 ** 30;
