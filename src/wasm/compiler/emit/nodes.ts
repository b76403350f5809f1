import { type Node, resolve, type StoreStatement } from '../ir/node.ts';
import { type Kind, opcodeOf } from '../ir/opcodes.ts';
import { bitsOf } from '../ir/scalars.ts';
import type { Encoder } from './encoder.ts';

const PARAMETERS = 3;
/** All addresses are 4-byte aligned, and atomic operations must declare exactly that alignment. */
const ALIGNMENT_LOG2 = 2;

/** Emits nodes as WebAssembly stack code. */
export class NodeEmitter {
  readonly locals: Kind[] = [];
  private readonly localOf = new Map<Node, number>();

  constructor(
    private readonly code: Encoder,
    private readonly inlined: ReadonlySet<Node>,
    private readonly relaxedSimd: boolean,
  ) {}

  isInlined(node: Node): boolean {
    return this.inlined.has(node);
  }

  hasLocal(node: Node): boolean {
    return this.localOf.has(node);
  }

  /** Pushes the node's value onto the stack. */
  push(value: Node): void {
    const node = resolve(value);
    const local = node.op === 'param' ? node.imm[0]! : this.localOf.get(node);
    if (node.op === 'const') this.constant(node);
    else if (local !== undefined) this.local(0x20, local);
    else if (node.op === 'phi') this.local(0x20, this.newLocal(node));
    else if (this.inlined.has(node)) this.expression(node);
    else throw new Error(`${node.op} is used before it is computed`);
  }

  /** Computes a node and stores it in its local. */
  compute(node: Node): void {
    this.expression(node);
    this.setLocal(node);
  }

  setLocal(node: Node): void {
    this.local(0x21, this.localOf.get(node) ?? this.newLocal(node));
  }

  store({ op, address, value, imm }: StoreStatement): void {
    this.push(address);
    this.push(value);
    this.operation(op, imm);
  }

  /** Emits adjacent stores, last one first, with nothing between them that could trap, so that V8 can pair them. */
  storeRow(row: readonly StoreStatement[]): void {
    for (const { address, value } of row) {
      this.push(address);
      this.push(value);
    }
    for (const { op, imm } of row.toReversed()) this.operation(op, imm);
  }

  /** Emits an operation whose operands are on the stack. */
  operation(name: string, imm: readonly number[] = []): void {
    const { code } = this;
    const opcode = opcodeOf(name);
    if (opcode.prefix !== 0) {
      code.byte(opcode.prefix);
      code.unsigned(opcode.code);
    } else code.byte(opcode.code);
    if (isMemoryOperation(name)) {
      code.unsigned(ALIGNMENT_LOG2);
      code.unsigned(imm[0] ?? 0);
      if (name.endsWith('_lane')) code.byte(imm[1]!);
    } else for (const value of imm) code.byte(value);
  }

  private expression(node: Node): void {
    switch (node.op) {
      case 'clamp':
        this.clamp(node);
        return;
      case 'select':
        for (const arg of node.args) this.push(arg);
        this.code.byte(0x1b);
        return;
      case 'i32x4.make':
      case 'f32x4.make':
        this.make(node);
        return;
      case 'shuffle':
        for (const arg of node.args) this.push(arg);
        this.operation(
          'i8x16.shuffle',
          node.imm.flatMap(lane => [0, 1, 2, 3].map(byte => 4 * lane + byte)),
        );
        return;
      case 'f32x4.add':
        if (this.relaxedSimd && this.fused(node)) return;
        break;
      case 'f32x4.splat': {
        const source = resolve(node.args[0]!);
        if (source.op !== 'f32.load' || !this.inlined.has(source)) break;
        this.push(source.args[0]!);
        this.operation('v128.load32_splat', source.imm);
        return;
      }
    }
    for (const arg of node.args) this.push(arg);
    this.operation(node.op, node.imm);
  }

  /** Emits the minimum of two u32. */
  private clamp({ args }: Node): void {
    const locals = args.map(arg => {
      this.push(arg);
      const known = this.localOf.get(resolve(arg));
      if (known !== undefined) return known;
      const local = this.newTemporary('i32');
      this.local(0x22, local);
      return local;
    });
    for (const local of locals) this.local(0x20, local);
    this.operation('i32.lt_u');
    this.code.byte(0x1b);
  }

  /** Builds a vector from a constant if any lane is constant, otherwise from a splat of the first lane. */
  private make({ op, args }: Node): void {
    const type = op.slice(0, 5);
    const parts = args.map(resolve);
    const hasConstants = parts.some(part => part.op === 'const');
    const base = hasConstants ? undefined : parts[0]!;
    if (base) {
      this.push(base);
      this.operation(`${type}.splat`);
    } else this.vector(parts.map(part => (part.op === 'const' ? bitsOfConstant(part) : 0)));
    parts.forEach((part, lane) => {
      if (part.op === 'const' || part === base) return;
      this.push(part);
      this.operation(`${type}.replace_lane`, [lane]);
    });
  }

  private fused({ args }: Node): boolean {
    const [x, y] = args.map(resolve) as [Node, Node];
    const isProduct = (node: Node) => node.op === 'f32x4.mul' && this.inlined.has(node);
    const product = isProduct(y) ? y : isProduct(x) ? x : undefined;
    if (!product) return false;
    for (const factor of product.args) this.push(factor);
    this.push(product === y ? x : y);
    this.operation('f32x4.relaxed_madd');
    return true;
  }

  i32(value: number): void {
    this.code.byte(0x41);
    this.code.signed(value);
  }

  private constant(node: Node): void {
    const { code } = this;
    const value = node.imm[0]!;
    switch (node.kind) {
      case 'i32':
        this.i32(value);
        return;
      case 'i64':
        code.byte(0x42);
        code.signed(value);
        return;
      case 'f32':
        code.byte(0x43);
        code.f32(value);
        return;
      case 'v128':
        this.vector(node.imm);
        return;
    }
  }

  private vector(bits: readonly number[]): void {
    this.code.byte(0xfd);
    this.code.unsigned(12);
    for (const lane of bits) this.code.i32(lane);
  }

  private local(opcode: number, index: number): void {
    this.code.byte(opcode);
    this.code.unsigned(index);
  }

  private newLocal(node: Node): number {
    const local = this.newTemporary(node.kind);
    this.localOf.set(node, local);
    return local;
  }

  private newTemporary(kind: Kind): number {
    this.locals.push(kind);
    return PARAMETERS + this.locals.length - 1;
  }
}

function bitsOfConstant(node: Node): number {
  return node.kind === 'f32' ? bitsOf(node.imm[0]!) : node.imm[0]!;
}

function isMemoryOperation(name: string): boolean {
  return /\.(load|store)|\.atomic\./.test(name) && !name.endsWith('shuffle');
}
