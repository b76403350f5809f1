import type { Kind } from './opcodes.ts';

/**
 * A value in static single assignment form.
 *
 * Pure nodes are interned, so equal expressions are one node. They have no fixed place: the scheduler puts each where
 * it runs least often. Pinned nodes (reads of memory that the shader writes, atomics) are statements of their region.
 */
export interface Node {
  readonly id: number;
  /** A WebAssembly operation, or one of const, param, phi, select, clamp, i32x4.make, f32x4.make, shuffle. */
  readonly op: string;
  readonly kind: Kind;
  readonly args: readonly Node[];
  /** Immediates: a constant's value (four i32 for a vector), a lane, or a memory offset. */
  readonly imm: readonly number[];
  /** The outermost region in which the node can be computed. */
  readonly home: Region;
  /** Whether the node is computed where its statement is, not where the scheduler puts it. */
  readonly isPinned: boolean;
  /** The value that replaces this phi, once it is known to equal that value. */
  forward?: Node;
}

/** A sequence of statements with one entry. A value is used only inside the region that computes it. */
export class Region {
  readonly statements: Statement[] = [];
  readonly depth: number;
  readonly loopDepth: number;

  constructor(
    readonly parent?: Region,
    isLoop = false,
  ) {
    this.depth = parent ? parent.depth + 1 : 0;
    this.loopDepth = (parent?.loopDepth ?? 0) + (isLoop ? 1 : 0);
  }

  isInside(other: Region): boolean {
    let region: Region | undefined = this;
    while (region && region.depth > other.depth) region = region.parent;
    return region === other;
  }
}

export interface EvalStatement {
  readonly kind: 'eval';
  readonly node: Node;
}

export interface StoreStatement {
  readonly kind: 'store';
  readonly op: string;
  readonly address: Node;
  readonly value: Node;
  /** The memory offset, and the lane if the operation takes one. */
  readonly imm: readonly number[];
}

/** A parallel copy: all values are read before any phi is overwritten. */
export interface CopyStatement {
  readonly kind: 'copy';
  readonly pairs: [phi: Node, value: Node][];
}

export interface IfStatement {
  readonly kind: 'if';
  readonly condition: Node;
  readonly whenTrue: Region;
  readonly whenFalse: Region;
}

export interface BlockStatement {
  readonly kind: 'block';
  readonly body: Region;
}

export interface LoopStatement {
  readonly kind: 'loop';
  readonly body: Region;
  /** The condition of a `for` or `while`, checked at the start of every iteration. */
  condition?: Node;
  /** The phis with their values before the loop. */
  entry: CopyStatement['pairs'];
  /** The same phis with their values for the next iteration; absent if no iteration reaches its end. */
  back?: CopyStatement['pairs'];
  /** An address that is divisible by 4 in every iteration. */
  aligned?: Node;
}

/** A jump to the end of a block or to the start of a loop. */
export interface JumpStatement {
  readonly kind: 'jump';
  readonly target: BlockStatement | LoopStatement;
}

export type Statement =
  | EvalStatement
  | StoreStatement
  | CopyStatement
  | IfStatement
  | BlockStatement
  | LoopStatement
  | JumpStatement;

export function resolve(node: Node): Node {
  let found = node;
  while (found.forward) found = found.forward;
  return found;
}

/** Returns the nodes that a statement reads itself, without those of nested regions. */
export function operandsOf(statement: Statement): readonly Node[] {
  switch (statement.kind) {
    case 'eval':
      return statement.node.args;
    case 'store':
      return [statement.address, statement.value];
    case 'copy':
      return statement.pairs.map(([, value]) => value);
    case 'if':
      return [statement.condition];
    default:
      return [];
  }
}

export function regionsOf(statement: Statement): readonly Region[] {
  switch (statement.kind) {
    case 'if':
      return [statement.whenTrue, statement.whenFalse];
    case 'block':
    case 'loop':
      return [statement.body];
    default:
      return [];
  }
}

export function isConst(node: Node, value?: number): boolean {
  return node.op === 'const' && (value === undefined || (node.kind !== 'v128' && Object.is(node.imm[0], value)));
}
