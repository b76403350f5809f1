import type { Builder } from '../ir/builder.ts';
import { type LoopStatement, type Node, operandsOf, Region, resolve } from '../ir/node.ts';
import { type Affine, AffineAnalysis, type Counter } from './affine.ts';
import { Cloner } from './clone.ts';
import { nodesBehind, walk } from './usage.ts';

/**
 * Adds to every innermost counting loop a version without bounds checks, which runs if all indices stay in bounds.
 *
 * A check before the loop decides which version runs, from the first and last value of each index. In the unchecked
 * version, addresses are pointers that advance in every iteration; constant distances become the offsets of accesses.
 */
export function versionLoops(b: Builder): void {
  const loops: { loop: LoopStatement; region: Region }[] = [];
  walk(b.root, (statement, region) => {
    if (statement.kind === 'loop' && isInnermost(statement.body)) loops.push({ loop: statement, region });
  });
  for (const { loop, region } of loops) b.inside(region, () => new LoopVersion(b, loop).insert(region));
}

function isInnermost(body: Region): boolean {
  let found = true;
  walk(body, statement => {
    if (statement.kind === 'loop') found = false;
  });
  return found;
}

const HIGHEST_U32 = 2 ** 32 - 1;

/** Indices with the same start, step and limit that differ by constants: checking the furthest covers all. */
interface Range {
  readonly affine: Affine;
  readonly limit: Node;
  furthest: number;
}

/** An address that advances in every iteration, and the furthest offset accessed from it. */
interface Pointer {
  readonly affine: Affine;
  furthest: number;
  phi?: Node;
}

class LoopVersion {
  private readonly transparent = new Set<Node>();
  private readonly analysis: AffineAnalysis;
  private readonly ranges = new Map<string, Range>();
  private readonly pointers = new Map<string, Pointer>();

  constructor(
    private readonly b: Builder,
    private readonly loop: LoopStatement,
  ) {
    this.analysis = new AffineAnalysis(b, loop, clamp => this.transparent.has(clamp));
  }

  insert(region: Region): void {
    const { b, loop } = this;
    const counter = this.analysis.counter();
    if (!counter || !loop.back) return;
    const nodes = nodesOf(loop.body);
    for (const node of nodes) if (node.op === 'clamp') this.addRange(node);
    if (this.ranges.size === 0) return;
    for (const node of nodes) if (isAccess(node.op)) this.addPointer(node.args[0]!, node.imm[0]!);
    walk(loop.body, statement => {
      if (statement.kind === 'store') this.addPointer(statement.address, statement.imm[0]!);
    });
    const whenTrue = new Region(region);
    const isInside = this.check(counter);
    b.inside(whenTrue, () => this.copyLoop());
    // The unchecked loop is left only by jumps, so the original loop follows as the other case.
    const at = region.statements.indexOf(loop);
    const entry = at > 0 && region.statements[at - 1]!.kind === 'copy' ? at - 1 : at;
    region.statements.splice(entry, 0, { kind: 'if', condition: isInside, whenTrue, whenFalse: new Region(region) });
  }

  private addRange(clamp: Node): void {
    const [index, limit] = clamp.args.map(resolve) as [Node, Node];
    if (!this.analysis.isInvariant(limit)) return;
    const affine = this.analysis.of(index);
    if (!affine) return;
    this.transparent.add(clamp);
    const { start, step, constant } = this.positive(affine);
    const key = `${start.id} ${step.id} ${limit.id}`;
    const known = this.ranges.get(key);
    if (known) known.furthest = Math.max(known.furthest, constant);
    else this.ranges.set(key, { affine: { start, step, constant: 0 }, limit, furthest: constant });
  }

  /** Adds a negative constant to the start, because memory offsets are unsigned. */
  private positive({ start, step, constant }: Affine): Affine {
    if (constant >= 0) return { start, step, constant };
    return { start: this.b.add(start, constant), step, constant: 0 };
  }

  private pointerFor(address: Node, offset: number): { pointer: Pointer; offset: number } | undefined {
    const affine = this.analysis.of(address);
    if (!affine || this.analysis.isInvariant(resolve(address))) return undefined;
    const { start, step, constant } = this.positive(affine);
    const key = `${start.id} ${step.id}`;
    let pointer = this.pointers.get(key);
    if (!pointer) {
      pointer = { affine: { start, step, constant: 0 }, furthest: 0 };
      this.pointers.set(key, pointer);
    }
    return { pointer, offset: constant + offset };
  }

  private addPointer(address: Node, offset: number): void {
    const found = this.pointerFor(address, offset);
    if (found) found.pointer.furthest = Math.max(found.pointer.furthest, found.offset);
  }

  /** Returns the condition that no index passes its limit and no address wraps, computed in 64 bits. */
  private check({ first, step, end, isSigned }: Counter): Node {
    const { b } = this;
    const extend = (node: Node) => b.op('i64.extend_i32_u', node);
    const counted = (node: Node) => b.op(isSigned ? 'i64.extend_i32_s' : 'i64.extend_i32_u', node);
    const distance = b.op('i64.sub', b.op('i64.sub', counted(end), counted(first)), b.i64(1));
    const turns = step === 1 ? distance : b.op('i64.div_u', distance, b.i64(step));
    const stays = ({ start, step: each }: Affine, furthest: number, limit: Node) => {
      const last = b.op('i64.add', extend(start), b.op('i64.mul', extend(each), turns));
      return b.op('i64.le_u', b.op('i64.add', last, b.i64(furthest)), limit);
    };
    const checks = [...this.ranges.values()].map(({ affine, limit, furthest }) =>
      stays(affine, furthest, extend(limit)),
    );
    for (const { affine, furthest } of this.pointers.values()) checks.push(stays(affine, furthest, b.i64(HIGHEST_U32)));
    if (step > 1) {
      // The counter must not wrap before it reaches the end.
      const past = b.op('i64.add', counted(end), b.i64(step - 1));
      checks.push(b.op('i64.le_s', past, b.i64(isSigned ? 2 ** 31 - 1 : HIGHEST_U32)));
    }
    return checks.reduce((all, one) => b.op('i32.and', all, one));
  }

  private copyLoop(): void {
    const { b, loop } = this;
    const copy = b.newLoop();
    const cloner: Cloner = new Cloner(b, loop.body, copy.body, {
      replace: node => (this.transparent.has(node) ? cloner.node(node.args[0]!) : undefined),
      address: (address, offset) => {
        const found = this.pointerFor(address, offset);
        return found && { address: found.pointer.phi!, offset: found.offset };
      },
    });
    cloner.redirect(loop, copy);
    const entry: [Node, Node][] = loop.entry.map(([phi, initial]) => [cloner.node(phi), initial]);
    const moves: [Node, Node][] = [];
    for (const pointer of this.pointers.values()) {
      pointer.phi = b.phi('i32', copy.body);
      entry.push([pointer.phi, pointer.affine.start]);
      moves.push([pointer.phi, b.op('i32.add', pointer.phi, pointer.affine.step)]);
    }
    b.copy(entry);
    copy.entry = entry;
    b.append(copy);
    cloner.run();
    const last = copy.body.statements.at(-2);
    if (last?.kind !== 'copy') throw new Error('expected the loop to end with a copy and a jump');
    last.pairs.push(...moves);
    copy.back = last.pairs;
    copy.aligned = this.pointers.values().next().value?.phi;
  }
}

function isAccess(op: string): boolean {
  return /\.load/.test(op);
}

/** Returns the nodes of a loop's body that may vary between iterations. */
function nodesOf(body: Region): Set<Node> {
  const values: Node[] = [];
  walk(body, statement => {
    if (statement.kind === 'eval') values.push(statement.node);
    values.push(...operandsOf(statement));
  });
  return nodesBehind(values, body);
}
