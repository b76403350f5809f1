import {
  type BlockStatement,
  type LoopStatement,
  type Node,
  operandsOf,
  type Region,
  regionsOf,
  resolve,
  type Statement,
} from '../ir/node.ts';

/** The nodes that a kernel's effects and control flow depend on. */
export interface Usage {
  /** The live nodes by descending id, so that users come before their operands. */
  readonly nodes: readonly Node[];
  readonly live: ReadonlySet<Node>;
  readonly targets: ReadonlySet<BlockStatement | LoopStatement>;
}

export function findUsage(root: Region): Usage {
  const live = new Set<Node>();
  const targets = new Set<BlockStatement | LoopStatement>();
  const incoming = new Map<Node, Node[]>();
  const pending: Node[] = [];
  walk(root, statement => {
    if (statement.kind === 'jump') targets.add(statement.target);
    if (statement.kind === 'copy')
      for (const [phi, value] of statement.pairs) {
        const values = incoming.get(phi);
        if (values) values.push(value);
        else incoming.set(phi, [value]);
      }
    else if (statement.kind !== 'eval') pending.push(...operandsOf(statement));
    else if (hasEffect(statement.node)) pending.push(statement.node);
  });
  for (let next = pending.pop(); next; next = pending.pop()) {
    const node = resolve(next);
    if (live.has(node)) continue;
    live.add(node);
    pending.push(...node.args, ...(incoming.get(node) ?? []));
  }
  return { nodes: [...live].sort((a, b) => b.id - a.id), live, targets };
}

/** Returns whether a pinned node must run even if its result is unused; plain reads need not. */
function hasEffect({ op }: Node): boolean {
  return op.includes('atomic.rmw');
}

/** Returns the nodes inside a region that values depend on, including the values themselves. */
export function nodesBehind(values: readonly Node[], region: Region): Set<Node> {
  const found = new Set<Node>();
  const visit = (original: Node): void => {
    const node = resolve(original);
    if (found.has(node) || !node.home.isInside(region)) return;
    found.add(node);
    for (const arg of node.args) visit(arg);
  };
  for (const value of values) visit(value);
  return found;
}

export function walk(region: Region, visit: (statement: Statement, region: Region) => void): void {
  for (const statement of region.statements) {
    visit(statement, region);
    for (const inner of regionsOf(statement)) walk(inner, visit);
  }
}
