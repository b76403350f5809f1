import type { Type } from '../check/types.ts';
import { fail, type Position } from '../errors.ts';
import { Builder } from '../ir/builder.ts';
import type { BlockStatement, Node } from '../ir/node.ts';
import type { Declaration } from '../parse/ast.ts';
import type { Edge } from './flow.ts';
import type { Globals } from './globals.ts';
import { Scope, type Slot } from './scope.ts';

/** A place that jumps go to, with the values of variables that they bring. */
export interface Label {
  readonly block: BlockStatement;
  readonly edges: Edge[];
}

/** What `return` does. */
export interface Frame {
  readonly returnType: Type;
  readonly label: Label;
  readonly results: readonly Slot[];
  /** Goes where the return goes, in its stead. */
  readonly beforeReturn?: () => void;
}

export interface Jumps {
  readonly breakTo?: () => void;
  readonly continueTo?: () => void;
}

/** Thrown where a variable must have an address after all; the kernel is then lowered again. */
export class NeedsMemory extends Error {
  constructor(readonly declaration: Declaration) {
    super(`${declaration.name} needs memory`);
  }
}

/** Bytes of scratch memory, handed out from the start. */
export class ScratchLayout {
  sizeBytes = 0;

  take(bytes: number): number {
    const offset = this.sizeBytes;
    this.sizeBytes = Math.ceil((offset + bytes) / 16) * 16;
    return offset;
  }
}

/** The state of turning one kernel into nodes. */
export class Context {
  readonly b = new Builder();
  readonly scratch = new ScratchLayout();
  /** Address of the thread's scratch memory. */
  scratchAddress: Node;
  scope: Scope;
  /** The values of variables here; none where control cannot come. */
  env: Map<Slot, Node> | undefined = new Map();
  frame: Frame | undefined;
  jumps: Jumps = {};
  callDepth = 0;
  /** Bodies put in the place of calls so far. */
  inlinedCalls = 0;
  /** Whether types are checked, and no code is made: all of a function is gone through. */
  isChecking = false;
  /** Whether a loop's variable turned out not to vary. */
  hasForwards = false;

  constructor(
    readonly globals: Globals,
    /** Variables that are indexed by what is not known, and so live in memory. */
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
