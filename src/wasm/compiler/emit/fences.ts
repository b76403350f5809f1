import type { SimdFeatures } from '../../interface/compiled_kernel.ts';
import {
  type CopyStatement,
  type IfStatement,
  type LoopStatement,
  type Node,
  type Region,
  resolve,
  type Statement,
} from '../ir/node.ts';
import { nodesBehind, type Usage } from '../passes/usage.ts';

/** x86-64 has 16 vector registers, of which V8 reserves one. */
const VECTOR_REGISTERS = 15;

/** Returns how many 128-bit vectors fit in registers in a loop that accumulates sums. */
export function vectorRegisters({ relaxedSimd, wideSimd }: SimdFeatures): number {
  if (wideSimd) return 2 * VECTOR_REGISTERS;
  return relaxedSimd ? VECTOR_REGISTERS : VECTOR_REGISTERS - 1; // one register holds a product before it is added
}

/** A loop whose sums are computed one after another, separated by fences: branches that are never taken. */
export interface FencedLoop {
  /** The loop's first statement and its only exit. */
  readonly exit: IfStatement;
  /** The arm of `exit` that jumps out of the loop. */
  readonly leaving: Region;
  /** Vector phis and their new values, in program order: those whose old value no other new value depends on. */
  readonly sums: CopyStatement['pairs'];
  /** The phis of those sums that a fence precedes. */
  readonly fenced: ReadonlySet<Node>;
  readonly others: CopyStatement['pairs'];
}

/**
 * Plans the fences of a loop that needs more vectors at once than there are registers; undefined if it needs none.
 *
 * V8 computes pure values as late as it can: all of a loop's sums after all of its loads, whose results then spill. A
 * fence is a branch out of the loop between two sums. V8 cannot move the first sum past it, because the code that the
 * branch leads to needs that sum. A fence branches if an address is odd, which never happens and costs one fused
 * instruction.
 */
export function planFences(
  loop: LoopStatement,
  { usage, isEmpty, registers }: { usage: Usage; isEmpty: (statement: Statement) => boolean; registers: number },
): FencedLoop | undefined {
  const [exit] = loop.body.statements;
  if (!loop.aligned || exit?.kind !== 'if' || !loop.back) return undefined;
  const leaving = [exit.whenTrue, exit.whenFalse].find(region => region.statements.at(-1)?.kind === 'jump');
  const staying = leaving === exit.whenTrue ? exit.whenFalse : exit.whenTrue;
  if (!leaving || !staying.statements.every(isEmpty)) return undefined;
  const pairs = loop.back.filter(([phi]) => usage.live.has(phi));
  const needed = new Map(pairs.map(pair => [pair, nodesBehind([pair[1]], loop.body)]));
  const isSum = ([phi]: CopyStatement['pairs'][0]) =>
    phi.kind === 'v128' && pairs.every(other => other[0] === phi || !needed.get(other)!.has(phi));
  const order = ([, value]: CopyStatement['pairs'][0]) => resolve(value).id;
  const sums = pairs.filter(isSum).sort((a, b) => order(a) - order(b));
  const operands = sums.map(sum => [...needed.get(sum)!].filter(isOperand));
  const fenced = placeFences(operands, registers - sums.length);
  if (fenced.size === 0) return undefined;
  return {
    exit,
    leaving,
    sums,
    fenced: new Set([...fenced].map(i => sums[i]![0])),
    others: pairs.filter(pair => !sums.includes(pair)),
  };
}

/** Returns the sums that need a fence before them, so that the operands loaded between two fences fit in registers. */
function placeFences(operands: readonly (readonly Node[])[], registers: number): Set<number> {
  const lastUse = new Map(operands.flatMap((nodes, i) => nodes.map(node => [node, i] as const)));
  const fences = new Set<number>();
  let held = new Set<Node>();
  operands.forEach((nodes, i) => {
    const fresh = nodes.filter(node => !held.has(node));
    if (i > 0 && fresh.length > 0 && held.size + fresh.length > registers) {
      fences.add(i);
      held = new Set([...held].filter(node => lastUse.get(node)! >= i));
    }
    for (const node of fresh) held.add(node);
  });
  return fences;
}

/** Returns whether a node is a vector operand of sums: loaded, or assembled from lanes. */
function isOperand({ kind, op }: Node): boolean {
  return kind === 'v128' && /load|splat|shuffle|make/.test(op);
}
