import { type CopyStatement, type Node, type Region, resolve } from '../../ir/node.ts';
import type { Slot } from '../values/reference.ts';
import type { Context, Edge, Label } from './context.ts';

/** Creates an edge from the current point; undefined if that is unreachable. */
export function newEdge(context: Context): Edge | undefined {
  if (!context.env) return undefined;
  const pairs: CopyStatement['pairs'] = [];
  context.b.append({ kind: 'copy', pairs });
  return { env: context.env, pairs };
}

export function newLabel(context: Context): Label {
  return { block: context.b.newBlock(), edges: [] };
}

export function jumpTo(context: Context, label: Label): void {
  const edge = newEdge(context);
  if (!edge) return;
  label.edges.push(edge);
  context.b.jump(label.block);
  context.env = undefined;
}

/** Lowers `body` so that jumps to the label continue after it. */
export function labelled(context: Context, label: Label, body: () => void): void {
  const { b } = context;
  const slots = [...(context.env?.keys() ?? [])];
  b.append(label.block);
  b.inside(label.block.body, () => {
    context.env = context.env && new Map(context.env);
    body();
    const edge = newEdge(context);
    if (edge) label.edges.push(edge);
  });
  context.env = merge(context, slots, label.edges);
}

/** Merges the variables' values where several edges meet; phis belong to the current region. */
export function merge(context: Context, slots: readonly Slot[], edges: readonly Edge[]): Map<Slot, Node> | undefined {
  const { b } = context;
  if (edges.length === 0) return undefined;
  const merged = new Map<Slot, Node>();
  for (const slot of slots) {
    const values = edges.map(edge => resolve(edge.env.get(slot)!));
    const [first] = values as [Node];
    if (values.every(value => value === first) && b.region.isInside(first.home)) merged.set(slot, first);
    else {
      const phi = b.phi(slot.kind, b.region);
      edges.forEach(({ pairs }, i) => {
        pairs.push([phi, values[i]!]);
      });
      merged.set(slot, phi);
    }
  }
  return merged;
}

/** Lowers an `if`; if the condition is constant, only the arm that runs. */
export function branch(context: Context, condition: Node, then: () => void, otherwise: () => void): void {
  if (condition.op === 'const' && !context.isChecking) {
    if (condition.imm[0] !== 0) then();
    else otherwise();
    return;
  }
  if (!context.env) return;
  const { b } = context;
  const before = context.env;
  const statement = b.newIf(condition);
  const arm = (region: Region, body: () => void) =>
    b.inside(region, () => {
      context.env = new Map(before);
      body();
      return newEdge(context);
    });
  b.append(statement);
  const edges = [arm(statement.whenTrue, then), arm(statement.whenFalse, otherwise)];
  context.env = merge(
    context,
    [...before.keys()],
    edges.filter(edge => edge !== undefined),
  );
}

export interface LoopParts {
  /** Variables that the loop may assign. */
  readonly slots: readonly Slot[];
  /** Whether the body runs another time; if absent, it always does. */
  readonly condition?: () => Node;
  readonly body: (exit: Label) => void;
}

/** Lowers `while (condition) body`; the condition or jumps to the label end the loop. */
export function loop(context: Context, { slots, condition, body }: LoopParts): void {
  if (!context.env) return;
  const { b } = context;
  const exit = newLabel(context);
  labelled(context, exit, () => {
    const env = context.env!;
    const statement = b.newLoop();
    const entry: CopyStatement['pairs'] = [];
    for (const slot of slots) {
      const phi = b.phi(slot.kind, statement.body);
      entry.push([phi, resolve(env.get(slot)!)]);
      env.set(slot, phi);
    }
    b.append({ kind: 'copy', pairs: entry });
    b.append(statement);
    statement.entry = entry;
    b.inside(statement.body, () => {
      const runs = condition?.();
      statement.condition = runs;
      if (runs)
        branch(
          context,
          runs,
          () => {},
          () => jumpTo(context, exit),
        );
      body(exit);
      if (context.env) {
        const back: CopyStatement['pairs'] = slots.map((slot, i) => [entry[i]![0], resolve(context.env!.get(slot)!)]);
        b.append({ kind: 'copy', pairs: back });
        b.jump(statement);
        statement.back = back;
      }
      dropConstantPhis(context, entry, statement.back ?? []);
    });
    context.env = undefined;
  });
}

/** Replaces the phis of variables that no iteration changes with their initial values. */
function dropConstantPhis(context: Context, entry: CopyStatement['pairs'], back: CopyStatement['pairs']): void {
  for (let i = entry.length - 1; i >= 0; i--) {
    const [phi, initial] = entry[i]!;
    const next = back[i] && resolve(back[i]![1]);
    if (next && next !== phi && next !== initial) continue;
    phi.forward = initial;
    entry.splice(i, 1);
    if (back.length > 0) back.splice(i, 1);
    context.hasForwards = true;
  }
}
