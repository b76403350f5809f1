import { fail, NOWHERE } from '../../interface/compile_error.ts';
import { fold, type NodeFactory } from './fold.ts';
import {
  type BlockStatement,
  type CopyStatement,
  type IfStatement,
  isConst,
  type LoopStatement,
  type Node,
  Region,
  resolve,
  type Statement,
} from './node.ts';
import { type Kind, opcodeOf } from './opcodes.ts';
import { bitsOf } from './scalars.ts';

/** Beyond this, a shader takes seconds to compile, and its function exceeds the size that engines accept. */
const MOST_NODES = 1_000_000;

/** Creates nodes, which it folds and interns, and appends statements to the current region. */
export class Builder implements NodeFactory {
  readonly root = new Region();
  region = this.root;
  private readonly interned = new Map<string, Node>();
  private nextId = 0;

  i32(value: number): Node {
    return this.intern('const', 'i32', [], [value | 0]);
  }

  i64(value: number): Node {
    return this.intern('const', 'i64', [], [value]);
  }

  f32(value: number): Node {
    return this.intern('const', 'f32', [], [Math.fround(value)]);
  }

  v128(bits: readonly number[]): Node {
    return this.intern('const', 'v128', [], bits);
  }

  f32x4(...values: number[]): Node {
    return this.v128((values.length === 1 ? Array<number>(4).fill(values[0]!) : values).map(bitsOf));
  }

  i32x4(...values: number[]): Node {
    return this.v128((values.length === 1 ? Array<number>(4).fill(values[0]!) : values).map(value => value | 0));
  }

  param(index: number): Node {
    return this.intern('param', 'i32', [], [index]);
  }

  /** Recreates a constant or a parameter of another builder. */
  leaf({ op, kind, imm }: Node): Node {
    return this.intern(op, kind, [], imm);
  }

  /** Creates a pure operation. An array of numbers as the last operand contains the immediates. */
  op(name: string, ...operands: (Node | readonly number[])[]): Node {
    const imm = (Array.isArray(operands.at(-1)) ? operands.pop() : []) as readonly number[];
    const args = (operands as Node[]).map(resolve);
    return fold(this, name, args, imm) ?? this.intern(name, kindOf(name, args), args, imm);
  }

  add(x: Node, y: Node | number): Node {
    return this.op('i32.add', x, typeof y === 'number' ? this.i32(y) : y);
  }

  mul(x: Node, y: Node | number): Node {
    return this.op('i32.mul', x, typeof y === 'number' ? this.i32(y) : y);
  }

  select(whenFalse: Node, whenTrue: Node, condition: Node): Node {
    return this.op('select', whenTrue, whenFalse, condition);
  }

  selectVector(whenFalse: Node, whenTrue: Node, mask: Node): Node {
    if (isZero(whenFalse)) return this.op('v128.and', whenTrue, mask);
    return this.op('v128.bitselect', whenTrue, whenFalse, mask);
  }

  /** Turns a condition, 0 or 1, into a mask whose lanes are all zeros or all ones. */
  mask(condition: Node): Node {
    return this.op('i32x4.splat', this.op('i32.sub', this.i32(0), condition));
  }

  lane(type: 'f32x4' | 'i32x4', vector: Node, lane: number): Node {
    return this.op(`${type}.extract_lane`, vector, [lane]);
  }

  shuffle(x: Node, y: Node, lanes: readonly number[]): Node {
    return this.op('shuffle', x, y, lanes);
  }

  /** Creates an operation that reads or writes memory and appends it to the current region, where it stays. */
  pinned(name: string, args: readonly Node[], imm: readonly number[]): Node {
    const node = this.make(name, opcodeOf(name).kind, args.map(resolve), imm, this.region, true);
    this.append({ kind: 'eval', node });
    return node;
  }

  store(op: string, address: Node, value: Node, imm: readonly number[]): void {
    this.append({ kind: 'store', op, address: resolve(address), value: resolve(value), imm });
  }

  phi(kind: Kind, home: Region): Node {
    return this.make('phi', kind, [], [], home);
  }

  copy(pairs: CopyStatement['pairs']): void {
    if (pairs.length > 0) this.append({ kind: 'copy', pairs });
  }

  jump(target: BlockStatement | LoopStatement): void {
    this.append({ kind: 'jump', target });
  }

  /** Runs `body` with `region` as the current region. */
  inside<Result>(region: Region, body: () => Result): Result {
    const outer = this.region;
    this.region = region;
    try {
      return body();
    } finally {
      this.region = outer;
    }
  }

  newIf(condition: Node): IfStatement {
    return { kind: 'if', condition, whenTrue: new Region(this.region), whenFalse: new Region(this.region) };
  }

  newBlock(): BlockStatement {
    return { kind: 'block', body: new Region(this.region) };
  }

  newLoop(): LoopStatement {
    return { kind: 'loop', body: new Region(this.region, true), entry: [] };
  }

  append(statement: Statement): void {
    this.region.statements.push(statement);
  }

  private intern(op: string, kind: Kind, args: readonly Node[], imm: readonly number[]): Node {
    let key = op;
    // Equal operations with operands have the same kind; constants of one value may differ in kind alone.
    if (args.length === 0) key += kind;
    for (const value of imm) key += ` ${Object.is(value, -0) ? '-0' : value}`;
    for (const arg of args) key += `,${arg.id}`;
    const known = this.interned.get(key);
    if (known) return known;
    let home = this.root;
    for (const arg of args) if (arg.home.depth > home.depth) home = arg.home;
    const node = this.make(op, kind, args, imm, home);
    this.interned.set(key, node);
    return node;
  }

  private make(
    op: string,
    kind: Kind,
    args: readonly Node[],
    imm: readonly number[],
    home: Region,
    isPinned = false,
  ): Node {
    if (this.nextId > MOST_NODES)
      fail(NOWHERE, `the shader is too large: more than ${MOST_NODES} operations once loops are unrolled`);
    return { id: this.nextId++, op, kind, args, imm, home, isPinned };
  }
}

function isZero(node: Node): boolean {
  return isConst(node) && node.kind === 'v128' && node.imm.every(bits => bits === 0);
}

function kindOf(op: string, args: readonly Node[]): Kind {
  if (op === 'select') return args[0]!.kind;
  if (op === 'clamp') return 'i32';
  if (op === 'shuffle' || op.endsWith('.make')) return 'v128';
  return opcodeOf(op).kind;
}
