import type { Builder } from '../ir/builder.ts';
import { isConst, type LoopStatement, type Node, resolve } from '../ir/node.ts';

/** A value that is start + k * step + constant, modulo 2^32, in iteration k; start and step are loop-invariant. */
export interface Affine {
  readonly start: Node;
  readonly step: Node;
  readonly constant: number;
}

/** A loop's counter: iteration k runs while first + k * step < end. */
export interface Counter {
  readonly first: Node;
  readonly step: number;
  readonly end: Node;
  readonly isSigned: boolean;
}

/** Finds the values of a loop that grow by the same amount in every iteration. */
export class AffineAnalysis {
  private readonly known = new Map<Node, Affine | undefined>();
  private readonly phis = new Map<Node, Affine>();

  constructor(
    private readonly b: Builder,
    private readonly loop: LoopStatement,
    /** Whether a clamp is known to have no effect. */
    private readonly isTransparent: (clamp: Node) => boolean,
  ) {
    const next = new Map(loop.back?.map(([phi, value]) => [phi, resolve(value)]));
    for (const [phi, initial] of loop.entry) {
      const step = this.stepOf(phi, next.get(phi));
      if (step) this.phis.set(phi, { start: resolve(initial), step, constant: 0 });
    }
  }

  isInvariant(node: Node): boolean {
    return !node.home.isInside(this.loop.body);
  }

  /** Returns the counter that the loop's condition compares with a loop-invariant end. */
  counter(): Counter | undefined {
    const condition = this.loop.condition && resolve(this.loop.condition);
    if (!condition?.op.startsWith('i32.lt_')) return undefined;
    const [phi, end] = condition.args.map(resolve) as [Node, Node];
    const affine = this.phis.get(phi);
    const step = affine?.step.op === 'const' ? affine.step.imm[0]! : 0;
    if (!affine || step <= 0 || !this.isInvariant(end)) return undefined;
    return { first: affine.start, step, end, isSigned: condition.op === 'i32.lt_s' };
  }

  of(original: Node): Affine | undefined {
    const node = resolve(original);
    if (this.known.has(node)) return this.known.get(node);
    const found = this.find(node);
    this.known.set(node, found);
    return found;
  }

  private find(node: Node): Affine | undefined {
    const { b } = this;
    if (isConst(node)) return { start: b.i32(0), step: b.i32(0), constant: node.imm[0]! };
    if (this.isInvariant(node)) {
      const isSum = node.op === 'i32.add' && isConst(node.args[1]!);
      return isSum
        ? { start: node.args[0]!, step: b.i32(0), constant: node.args[1]!.imm[0]! }
        : { start: node, step: b.i32(0), constant: 0 };
    }
    if (node.op === 'phi') return this.phis.get(node);
    if (node.op === 'clamp') return this.isTransparent(node) ? this.of(node.args[0]!) : undefined;
    if (!/^i32\.(add|sub|mul|shl)$/.test(node.op)) return undefined;
    const [x, y] = node.args.map(arg => this.of(arg));
    if (!x || !y) return undefined;
    if (node.op === 'i32.add' || node.op === 'i32.sub') return this.sum(node.op, x, y);
    if (node.op === 'i32.mul' && isConst(y.step, 0)) return this.product(x, y);
    if (node.op === 'i32.mul' && isConst(x.step, 0)) return this.product(y, x);
    return node.op === 'i32.shl' && isConst(node.args[1]!)
      ? this.product(x, { ...y, constant: 1 << node.args[1]!.imm[0]! })
      : undefined;
  }

  private sum(op: 'i32.add' | 'i32.sub', x: Affine, y: Affine): Affine {
    const { b } = this;
    const constant = (op === 'i32.add' ? x.constant + y.constant : x.constant - y.constant) | 0;
    return { start: b.op(op, x.start, y.start), step: b.op(op, x.step, y.step), constant };
  }

  private product(x: Affine, factor: Affine): Affine {
    const { b } = this;
    if (isConst(factor.start, 0)) {
      const by = b.i32(factor.constant);
      const constant = Math.imul(x.constant, factor.constant);
      return { start: b.op('i32.mul', x.start, by), step: b.op('i32.mul', x.step, by), constant };
    }
    const by = b.add(factor.start, factor.constant);
    const start = b.op('i32.mul', b.add(x.start, x.constant), by);
    return { start, step: b.op('i32.mul', x.step, by), constant: 0 };
  }

  /** Returns what is added to a phi in every iteration; recognises phi + step and phi + step + constant. */
  private stepOf(phi: Node, next: Node | undefined): Node | undefined {
    if (next?.op !== 'i32.add') return undefined;
    const [x, y] = next.args.map(resolve) as [Node, Node];
    if (x === phi && this.isInvariant(y)) return y;
    if (y === phi && this.isInvariant(x)) return x;
    if (!isConst(y) || x.op !== 'i32.add') return undefined;
    const inner = this.stepOf(phi, x);
    return inner && this.b.op('i32.add', inner, y);
  }
}
