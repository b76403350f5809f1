import { fail, type Position } from '../../../interface/compile_error.ts';
import type { Type } from '../../check/types.ts';
import { Builder } from '../../ir/builder.ts';
import type { BlockStatement, CopyStatement, Node } from '../../ir/node.ts';
import type { Declaration } from '../../parse/ast.ts';
import type { Slot } from '../values/reference.ts';
import { type ModuleScope, Scope } from './scope.ts';

/** A control-flow edge to a merge point: the variables' values, and the copies into the merge point's phis. */
export interface Edge {
  readonly env: ReadonlyMap<Slot, Node>;
  readonly pairs: CopyStatement['pairs'];
}

/** A target of jumps, with the variables' values that each of them carries. */
export interface Label {
  readonly block: BlockStatement;
  readonly edges: Edge[];
}

/** How `return` is lowered in the current function. */
export interface Frame {
  readonly returnType: Type;
  readonly label: Label;
  readonly results: readonly Slot[];
  /** Runs before the jump to `label`; it may jump elsewhere instead. */
  readonly beforeReturn?: () => void;
}

export interface Jumps {
  readonly breakTo?: () => void;
  readonly continueTo?: () => void;
}

/** Thrown when a variable turns out to need an address; the kernel is then lowered again. */
export class NeedsMemory extends Error {
  constructor(readonly declaration: Declaration) {
    super(`${declaration.name} needs memory`);
  }
}

/** Allocates scratch memory from its start, in 16-byte aligned blocks. */
class ScratchLayout {
  sizeBytes = 0;

  take(bytes: number): number {
    const offset = this.sizeBytes;
    this.sizeBytes = Math.ceil((offset + bytes) / 16) * 16;
    return offset;
  }
}

/** The state of lowering one kernel. */
export class Context {
  readonly b = new Builder();
  readonly scratch = new ScratchLayout();
  /** The address of the thread's scratch memory. */
  scratchAddress: Node;
  scope: Scope;
  /** The variables' current values; undefined in unreachable code. */
  env: Map<Slot, Node> | undefined = new Map();
  frame: Frame | undefined;
  jumps: Jumps = {};
  callDepth = 0;
  /** The number of calls inlined so far. */
  inlinedCalls = 0;
  /** Whether types are only checked: unreachable code is lowered too, and the result is discarded. */
  isChecking = false;
  /** Whether any loop variable turned out to be constant in its loop. */
  hasForwards = false;

  constructor(
    readonly globals: ModuleScope,
    /** Variables that live in memory, because they are indexed by a value that is not constant. */
    readonly inMemory: ReadonlySet<Declaration>,
    readonly sharedMemory: boolean,
  ) {
    this.scope = new Scope(globals);
    this.scratchAddress = this.b.op('i32.load', this.b.param(0), [12]);
  }

  get isReachable(): boolean {
    return this.env !== undefined;
  }

  read(slot: Slot): Node {
    if (!this.env) return this.zero(slot);
    const node = this.env.get(slot);
    if (!node) throw new Error(`variable ${slot.name} has no value here`);
    return node;
  }

  write(slot: Slot, node: Node): void {
    this.env?.set(slot, node);
  }

  zero({ kind }: Pick<Slot, 'kind'>): Node {
    if (kind === 'v128') return this.b.i32x4(0);
    return kind === 'f32' ? this.b.f32(0) : this.b.i32(0);
  }

  inScope<Result>(body: () => Result, scope = new Scope(this.scope)): Result {
    const outer = this.scope;
    this.scope = scope;
    try {
      return body();
    } finally {
      this.scope = outer;
    }
  }

  declare(name: string, binding: Parameters<Scope['set']>[1], position: Position): void {
    if (this.scope.has(name)) fail(position, `'${name}' is declared twice`);
    this.scope.set(name, binding);
  }
}
