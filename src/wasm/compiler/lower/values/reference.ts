import type { AddressSpace, Type } from '../../check/types.ts';
import type { Node } from '../../ir/node.ts';
import type { Kind } from '../../ir/opcodes.ts';
import type { Declaration } from '../../parse/ast.ts';

/** A scalar or vector part of a variable held in nodes. `Context.env` maps the slot to its current node. */
export interface Slot {
  readonly name: string;
  readonly kind: Kind;
  readonly type: Type;
}

/** A variable, or a part of one, whose value is held in nodes. */
export interface SlotsReference {
  readonly kind: 'slots';
  readonly type: Type;
  readonly space: AddressSpace;
  readonly slots: readonly Slot[];
  readonly declaration: Declaration;
}

/** One component of a vector that is held in a slot. */
export interface LaneReference {
  readonly kind: 'lane';
  readonly type: Type;
  readonly space: AddressSpace;
  readonly vector: SlotsReference;
  readonly lane: Node;
}

export interface MemoryReference {
  readonly kind: 'memory';
  readonly type: Type;
  readonly space: AddressSpace;
  /** The byte address, to which `offset` is added. */
  readonly address: Node;
  readonly offset: number;
  /** Whether nothing writes the memory while the kernel runs. */
  readonly isReadOnly: boolean;
  /** The binding's length in bytes; absent for scratch memory. */
  readonly length?: Node;
}

export type Reference = SlotsReference | LaneReference | MemoryReference;
