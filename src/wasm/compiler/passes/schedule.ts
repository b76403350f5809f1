import { type Node, operandsOf, type Region, resolve } from '../ir/node.ts';
import { type Usage, walk } from './usage.ts';

export interface Schedule {
  /** The region in which each pure node is computed. */
  readonly placement: ReadonlyMap<Node, Region>;
  /** Nodes emitted inside the expression of their only user; all others get a local. */
  readonly inlined: ReadonlySet<Node>;
}

/**
 * Places every pure node inside as few loops as its operands allow, and otherwise as close to its uses as possible.
 *
 * A node that depends only on the workgroup therefore runs once per workgroup, a loop-invariant node runs before the
 * loop, and a node that only one arm of an `if` needs runs in that arm.
 *
 * Source: Click 1995, Global code motion, global value numbering.
 */
export function schedule(root: Region, { nodes, live }: Usage): Schedule {
  const latest = new Map<Node, Region>();
  const uses = new Map<Node, number>();
  const userRegions = new Map<Node, Region>();
  const use = (operand: Node, region: Region) => {
    const node = resolve(operand);
    const known = latest.get(node);
    latest.set(node, known ? commonRegion(known, region) : region);
    uses.set(node, (uses.get(node) ?? 0) + 1);
    userRegions.set(node, region);
  };
  walk(root, (statement, region) => {
    if (statement.kind === 'copy') {
      for (const [phi, value] of statement.pairs) if (live.has(phi)) use(value, region);
    } else if (statement.kind !== 'eval') for (const node of operandsOf(statement)) use(node, region);
    else if (live.has(statement.node)) for (const node of statement.node.args) use(node, region);
  });
  const placement = new Map<Node, Region>();
  const inlined = new Set<Node>();
  for (const node of nodes) {
    const late = latest.get(node);
    if (!isMovable(node) || !late) continue;
    const place = bestPlace(late, node.home);
    placement.set(node, place);
    if (uses.get(node) === 1 && userRegions.get(node) === place) inlined.add(node);
    for (const arg of node.args) use(arg, place);
  }
  return { placement, inlined };
}

/** Returns whether the scheduler places a node: it is pure, and computing it takes an instruction. */
function isMovable(node: Node): boolean {
  const { op } = node;
  return op !== 'const' && op !== 'param' && op !== 'phi' && !node.isPinned;
}

function bestPlace(late: Region, home: Region): Region {
  let best = late;
  for (let region: Region | undefined = late; region; region = region.parent) {
    if (region.loopDepth < best.loopDepth) best = region;
    if (region === home) break;
  }
  return best;
}

function commonRegion(a: Region, b: Region): Region {
  let [x, y] = [a, b];
  while (x !== y) {
    if (x.depth >= y.depth) x = x.parent!;
    else y = y.parent!;
  }
  return x;
}
