import type { Kind } from '../emit/opcodes.ts';

/**
 * A value, computed once: static single assignment.
 *
 * Pure nodes are interned, so equal expressions are one node, and belong to no place: the scheduler puts each where it
 * runs least often. Pinned nodes (reads of memory that the shader writes, atomics) stand in their region's statements.
 */
export interface Node {
  readonly id: number;
  /** A WebAssembly operation, or one of const, param, phi, select, clamp, i32x4.make, f32x4.make, shuffle. */
  readonly op: string;
  readonly kind: Kind;
  readonly args: readonly Node[];
  /** A constant's value (a vector's as four i32), a lane, a memory offset. */
  readonly imm: readonly number[];
  /** The outermost region in which it can be computed. */
  readonly home: Region;
  /** It stands where its statement stands. */
  readonly isPinned: boolean;
  /** A phi that turned out to be another value. */
  forward?: Node;
}

/** A run of statements with one entry. Values are used only inside of the region that they are computed in. */
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
  /** A memory offset, and a lane where the operation has one. */
  readonly imm: readonly number[];
}

/** All at once: no phi is overwritten before the others were read. */
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
  /** Each turn's check of a `for` or `while`. */
  condition?: Node;
  /** The phis' values before the loop, and those of the next turn, of the same phis; none where no turn ends. */
  entry: CopyStatement['pairs'];
  back?: CopyStatement['pairs'];
  /** An address that is divisible by 4 on every turn. */
  aligned?: Node;
}

/** To the end of a block, or to the start of a loop. */
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

/** The nodes that a statement reads itself, nested regions left out. */
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
