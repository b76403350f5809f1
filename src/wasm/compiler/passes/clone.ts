import type { Builder } from '../ir/builder.ts';
import {
  type BlockStatement,
  type CopyStatement,
  type LoopStatement,
  type Node,
  Region,
  resolve,
  type Statement,
} from '../ir/node.ts';

export interface CloneHooks {
  /** Returns the node to use instead of a copy of a source node; undefined to copy it. */
  readonly replace?: (node: Node) => Node | undefined;
  /** Returns another address and offset for the copy of a memory access; undefined to copy those it has. */
  readonly address?: (address: Node, offset: number) => { address: Node; offset: number } | undefined;
}

/** Copies a region, statement by statement. Nodes from outside the region are not copied. */
export class Cloner {
  private readonly nodes = new Map<Node, Node>();
  private readonly regions = new Map<Region, Region>();
  private readonly targets = new Map<Statement, BlockStatement | LoopStatement>();

  constructor(
    private readonly b: Builder,
    private readonly source: Region,
    target: Region,
    private readonly hooks: CloneHooks = {},
  ) {
    this.regions.set(source, target);
  }

  /** Appends copies of the source's statements to the target. */
  run(): void {
    this.statements(this.source);
  }

  /** Makes the copies of jumps to `from` jump to `to`. */
  redirect(from: LoopStatement | BlockStatement, to: LoopStatement | BlockStatement): void {
    this.targets.set(from, to);
  }

  set(node: Node, copy: Node): void {
    this.nodes.set(node, copy);
  }

  node(original: Node): Node {
    const node = resolve(original);
    const known = this.nodes.get(node);
    if (known) return known;
    if (!node.home.isInside(this.source)) return node;
    const copy = this.hooks.replace?.(node) ?? this.copyOf(node);
    this.set(node, copy);
    return copy;
  }

  private copyOf(node: Node): Node {
    if (node.op === 'phi') return this.b.phi(node.kind, this.region(node.home));
    if (node.isPinned) throw new Error(`${node.op} is used before it is copied`);
    if (node.args.length === 0) return this.b.leaf(node);
    const { args, imm } = this.operands(node.op, node.args, node.imm);
    return this.b.op(node.op, ...args, imm);
  }

  /** Copies an operation's operands; the `address` hook may replace those of a load or store. */
  private operands(
    op: string,
    args: readonly Node[],
    imm: readonly number[],
  ): { args: Node[]; imm: readonly number[] } {
    const moved = /\.(load|store)/.test(op) ? this.hooks.address?.(args[0]!, imm[0]!) : undefined;
    if (!moved) return { args: args.map(arg => this.node(arg)), imm };
    const others = args.slice(1).map(arg => this.node(arg));
    return { args: [moved.address, ...others], imm: [moved.offset, ...imm.slice(1)] };
  }

  private region(region: Region): Region {
    const known = this.regions.get(region);
    if (known) return known;
    const { parent } = region;
    if (!parent || !region.isInside(this.source)) return region;
    const copy = new Region(this.region(parent), region.loopDepth > parent.loopDepth);
    this.regions.set(region, copy);
    return copy;
  }

  private statements(from: Region): void {
    this.b.inside(this.region(from), () => {
      for (const statement of from.statements) this.statement(statement);
    });
  }

  private statement(statement: Statement): void {
    const { b } = this;
    switch (statement.kind) {
      case 'eval': {
        const { node } = statement;
        const { args, imm } = this.operands(node.op, node.args, node.imm);
        this.set(node, b.pinned(node.op, args, imm));
        return;
      }
      case 'store': {
        const { op, address, value } = statement;
        const { args, imm } = this.operands(op, [address, value], statement.imm);
        b.store(op, args[0]!, args[1]!, imm);
        return;
      }
      case 'copy':
        b.append({ kind: 'copy', pairs: this.pairs(statement.pairs) });
        return;
      case 'if': {
        const [whenTrue, whenFalse] = [this.region(statement.whenTrue), this.region(statement.whenFalse)];
        b.append({ kind: 'if', condition: this.node(statement.condition), whenTrue, whenFalse });
        this.statements(statement.whenTrue);
        this.statements(statement.whenFalse);
        return;
      }
      case 'block': {
        const copy: BlockStatement = { kind: 'block', body: this.region(statement.body) };
        this.redirect(statement, copy);
        b.append(copy);
        this.statements(statement.body);
        return;
      }
      case 'loop': {
        const entry = this.pairs(statement.entry);
        const copy: LoopStatement = { kind: 'loop', body: this.region(statement.body), entry };
        this.redirect(statement, copy);
        b.append(copy);
        this.statements(statement.body);
        if (statement.condition) copy.condition = this.node(statement.condition);
        if (statement.back) copy.back = this.pairs(statement.back);
        return;
      }
      case 'jump':
        b.jump(this.targets.get(statement.target) ?? statement.target);
        return;
    }
  }

  private pairs(pairs: CopyStatement['pairs']): CopyStatement['pairs'] {
    return pairs.map(([phi, value]) => [this.node(phi), this.node(value)]);
  }
}
