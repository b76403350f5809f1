import type { SimdFeatures } from '../../compiled_kernel.ts';
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

/** V8 gives WebAssembly the 16 vector registers of x86-64 but one, which it keeps. */
const VECTOR_REGISTERS = 15;

/** For how many vectors of 128 bits there is room in a loop of sums. */
export function vectorRegisters({ relaxedSimd, wideSimd }: SimdFeatures): number {
  if (wideSimd) return 2 * VECTOR_REGISTERS;
  return relaxedSimd ? VECTOR_REGISTERS : VECTOR_REGISTERS - 1; // a product before it is added
}

/** A loop whose sums are computed one after the other, with branches between them that are never taken. */
export interface FencedLoop {
  /** The loop's first statement, by which alone it is left. */
  readonly exit: IfStatement;
  /** What leaves it: `exit`'s arm that jumps. */
  readonly leaving: Region;
  /** New values that no other of them needs the old one of, in the program's order. */
  readonly sums: CopyStatement['pairs'];
  /** Those sums that a fence stands before. */
  readonly fenced: ReadonlySet<Node>;
  readonly others: CopyStatement['pairs'];
}

/**
 * How to emit a loop that wants more vectors at once than there are registers.
 *
 * V8 computes pure values as late as it can: all of a loop's sums after all of its loads, which then spill. Where a branch out
 * of the loop stands between two sums, the first cannot pass it, since it is needed where the branch leads. The branches
 * are on an address being odd, which costs one fused instruction and never happens.
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

/** Before which sums fences stand, so that what is loaded between two of them has registers. */
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

/** Whether it is a vector that sums are made from: loaded, or put together. */
function isOperand({ kind, op }: Node): boolean {
  return kind === 'v128' && /load|splat|shuffle|make/.test(op);
}
