import type { SimdFeatures } from '../../interface/compiled_kernel.ts';
import {
  type BlockStatement,
  type LoopStatement,
  type Node,
  operandsOf,
  type Region,
  regionsOf,
  resolve,
  type Statement,
  type StoreStatement,
} from '../ir/node.ts';
import { schedule } from '../passes/schedule.ts';
import { findUsage } from '../passes/usage.ts';
import { Encoder } from './encoder.ts';
import { type FencedLoop, planFences, vectorRegisters } from './fences.ts';
import type { FunctionCode } from './module.ts';
import { NodeEmitter } from './nodes.ts';

const CODES = { block: 0x02, loop: 0x03, if: 0x04, else: 0x05, end: 0x0b, br: 0x0c, brIf: 0x0d } as const;
const NO_RESULT = 0x40;

/** Emits a kernel's regions as the body of a WebAssembly function. */
export function emitFunction(root: Region, features: SimdFeatures): FunctionCode {
  const emitter = new FunctionEmitter(root, features);
  return emitter.emit();
}

class FunctionEmitter {
  private readonly code = new Encoder();
  private readonly usage;
  private readonly placement;
  private readonly nodes: NodeEmitter;
  /** For each node id, the number of the statement that the node was last prepared for. */
  private readonly prepared: number[] = [];
  private preparing = 0;
  /** The enclosing constructs, which `br` counts; the innermost is last. */
  private readonly labels: (Statement | FencedLoop)[] = [];

  constructor(
    private readonly root: Region,
    private readonly features: SimdFeatures,
  ) {
    this.usage = findUsage(root);
    const { placement, inlined } = schedule(root, this.usage);
    this.placement = placement;
    this.nodes = new NodeEmitter(this.code, inlined, features.relaxedSimd);
  }

  emit(): FunctionCode {
    this.region(this.root);
    this.code.byte(CODES.end);
    return { locals: this.nodes.locals, body: this.code.finish() };
  }

  /** Emits a region's statements. `emit` returns true for a statement that it has emitted itself. */
  private region(region: Region, emit?: (statement: Statement) => boolean): void {
    const { statements } = region;
    for (let i = 0; i < statements.length; i++) {
      const statement = statements[i]!;
      if (this.isEmpty(statement)) continue;
      this.preparing++;
      if (emit?.(statement)) continue;
      const row = rowOfStores(statements, i);
      for (const one of row.length > 1 ? row : [statement]) this.prepare(one, region);
      if (row.length > 1) {
        this.nodes.storeRow(row);
        i += row.length - 1;
      } else this.statement(statement);
    }
  }

  /** Computes the nodes placed in this region that the statement, or one nested in it, is the first to need. */
  private prepare(statement: Statement, region: Region): void {
    for (const operand of this.operands(statement)) this.prepareNode(resolve(operand), region);
    for (const inner of regionsOf(statement)) for (const one of inner.statements) this.prepare(one, region);
  }

  private prepareNode(node: Node, region: Region): void {
    if (this.prepared[node.id] === this.preparing) return;
    this.prepared[node.id] = this.preparing;
    const place = this.placement.get(node);
    // Nodes placed in an outer region are computed already, and so are their operands.
    if (!place || (place !== region && region.isInside(place))) return;
    for (const arg of node.args) this.prepareNode(resolve(arg), region);
    if (place === region && !this.nodes.isInlined(node) && !this.nodes.hasLocal(node)) this.nodes.compute(node);
  }

  private operands(statement: Statement): readonly Node[] {
    if (statement.kind === 'copy') return this.livePairs(statement).map(([, value]) => value);
    if (statement.kind === 'eval' && !this.usage.live.has(statement.node)) return [];
    return operandsOf(statement);
  }

  private livePairs(statement: Statement): [Node, Node][] {
    return statement.kind === 'copy' ? statement.pairs.filter(([phi]) => this.usage.live.has(phi)) : [];
  }

  private isEmpty(statement: Statement): boolean {
    switch (statement.kind) {
      case 'copy':
        return this.livePairs(statement).length === 0;
      case 'eval':
        return !this.usage.live.has(statement.node);
      case 'if':
      case 'block':
        return regionsOf(statement).every(region => region.statements.every(one => this.isEmpty(one)));
      default:
        return false;
    }
  }

  private statement(statement: Statement): void {
    const { code } = this;
    switch (statement.kind) {
      case 'eval':
        this.nodes.compute(statement.node);
        return;
      case 'store':
        this.nodes.store(statement);
        return;
      case 'copy':
        this.copy(this.livePairs(statement));
        return;
      case 'jump':
        code.byte(CODES.br);
        code.unsigned(this.depthOf(statement.target));
        return;
      case 'block':
        if (!this.usage.targets.has(statement)) {
          this.region(statement.body);
          return;
        }
        this.construct(CODES.block, statement, statement.body);
        return;
      case 'loop':
        this.loop(statement);
        return;
      case 'if':
        this.if(statement);
        return;
    }
  }

  private copy(pairs: readonly [Node, Node][]): void {
    for (const [, value] of pairs) this.nodes.push(value);
    for (const [phi] of pairs.toReversed()) this.nodes.setLocal(phi);
  }

  private construct(opcode: number, statement: Statement, body: Region, emit?: (one: Statement) => boolean): void {
    const { code, labels } = this;
    code.byte(opcode);
    code.byte(NO_RESULT);
    labels.push(statement);
    this.region(body, emit);
    labels.pop();
    code.byte(CODES.end);
  }

  private loop(loop: LoopStatement): void {
    const fenced = planFences(loop, {
      usage: this.usage,
      isEmpty: statement => this.isEmpty(statement),
      registers: vectorRegisters(this.features),
    });
    if (fenced) this.fencedLoop(loop, fenced);
    else this.construct(CODES.loop, loop, loop.body);
  }

  /** Emits the exit's statements after the loop, so that fences can jump to them too. */
  private fencedLoop(loop: LoopStatement, fenced: FencedLoop): void {
    const { code, labels } = this;
    code.byte(CODES.block);
    code.byte(NO_RESULT);
    labels.push(fenced);
    this.construct(CODES.loop, loop, loop.body, statement => {
      if (statement === fenced.exit) {
        this.prepareNode(resolve(fenced.exit.condition), loop.body);
        this.condition(fenced.exit.condition, fenced.leaving === fenced.exit.whenFalse);
        this.leave(fenced);
      } else if (statement.kind === 'copy' && statement.pairs === loop.back) this.fencedCopy(loop, fenced);
      else return false;
      return true;
    });
    labels.pop();
    code.byte(CODES.end);
    this.region(fenced.leaving);
  }

  private fencedCopy({ body, aligned }: LoopStatement, fenced: FencedLoop): void {
    fenced.sums.forEach(([phi, value], i) => {
      const node = resolve(value);
      if (fenced.fenced.has(phi)) {
        this.nodes.push(aligned!);
        this.nodes.i32(2 * i + 1);
        this.nodes.operation('i32.eq');
        this.leave(fenced);
      }
      this.prepareNode(node, body);
      this.nodes.push(node);
      this.nodes.setLocal(phi);
    });
    for (const [, value] of fenced.others) this.prepareNode(resolve(value), body);
    this.copy(fenced.others);
  }

  private leave(fenced: FencedLoop): void {
    this.code.byte(CODES.brIf);
    this.code.unsigned(this.labels.length - 1 - this.labels.indexOf(fenced));
  }

  private if(statement: Statement & { kind: 'if' }): void {
    const { code, labels } = this;
    const [then, otherwise] = [statement.whenTrue, statement.whenFalse].map(region =>
      region.statements.filter(one => !this.isEmpty(one)),
    ) as [Statement[], Statement[]];
    const only = (statements: Statement[]) => (statements.length === 1 ? statements[0] : undefined);
    const jump = [then, otherwise].map(only).find(one => one?.kind === 'jump');
    if (jump?.kind === 'jump' && (then.length === 0 || otherwise.length === 0)) {
      this.condition(statement.condition, then.length === 0);
      code.byte(CODES.brIf);
      code.unsigned(this.depthOf(jump.target));
      return;
    }
    this.condition(statement.condition, then.length === 0);
    code.byte(CODES.if);
    code.byte(NO_RESULT);
    labels.push(statement);
    if (then.length > 0) this.region(statement.whenTrue);
    if (then.length > 0 && otherwise.length > 0) code.byte(CODES.else);
    if (otherwise.length > 0) this.region(statement.whenFalse);
    labels.pop();
    code.byte(CODES.end);
  }

  private condition(node: Node, isNegated: boolean): void {
    const condition = resolve(node);
    // To a branch, !(x == 0) is the same as x.
    const isZeroTest = condition.op === 'i32.eqz' && this.nodes.isInlined(condition);
    this.nodes.push(isNegated && isZeroTest ? condition.args[0]! : condition);
    if (isNegated && !isZeroTest) this.nodes.operation('i32.eqz');
  }

  private depthOf(target: BlockStatement | LoopStatement): number {
    return this.labels.length - 1 - this.labels.indexOf(target);
  }
}

/** Returns the run of vector stores from `start` on that use one address and consecutive offsets. */
function rowOfStores(statements: readonly Statement[], start: number): StoreStatement[] {
  const row: StoreStatement[] = [];
  for (let i = start; i < statements.length; i++) {
    const statement = statements[i]!;
    if (statement.kind !== 'store' || statement.op !== 'v128.store') break;
    const [first] = row;
    if (first && (statement.address !== first.address || statement.imm[0] !== first.imm[0]! + 16 * row.length)) break;
    row.push(statement);
  }
  return row;
}
