import { isConst, type Node } from '../ir/node.ts';
import type { Expression, For, Statement } from '../parse/ast.ts';
import { assignedBy, weightOf } from './analysis/assigned.ts';
import { assignedSlots } from './analysis/assigned_slots.ts';
import type { Context, Label } from './state/context.ts';
import { labelled, newLabel } from './state/flow.ts';
import type { Slot } from './values/reference.ts';

const MOST_TURNS = 32;
/** The most expressions and statements after unrolling. */
const MOST_WEIGHT = 2500;

/** Functions that lower the parts of a `for` or `while`. */
export interface ForParts {
  readonly condition?: () => Node;
  readonly step: () => void;
  readonly body: (exit: Label) => void;
}

/**
 * Unrolls a `for` with a small, known number of iterations, whose initializer has been lowered. Returns false if it
 * must stay a loop.
 *
 * Unrolling makes indices constant, so that small arrays and vectors stay in registers.
 */
export function unrollFor(context: Context, statement: For, parts: ForParts): boolean {
  const turns = context.isChecking ? undefined : turnsOf(context, statement, parts);
  if (turns === undefined || turns * unrolledWeight(context, statement.body) > MOST_WEIGHT) return false;
  const exit = newLabel(context);
  const run = () => {
    for (let turn = 0; turn < turns && context.isReachable; turn++) {
      parts.body(exit);
      if (context.isReachable) parts.step();
    }
  };
  if (statement.body.statements.some(hasBreak)) labelled(context, exit, run);
  else run();
  return true;
}

/** Returns how often the body runs, if the counter's values follow from constants alone. */
function turnsOf(context: Context, statement: For, parts: ForParts): number | undefined {
  const { init, condition, step, body } = statement;
  if (init?.kind !== 'declaration' || init.keyword !== 'var' || !condition || step?.kind !== 'assign') return undefined;
  const { name } = init;
  const binding = context.scope.find(name);
  if (step.target?.kind !== 'name' || step.target.name !== name || binding?.kind !== 'variable') return undefined;
  if (binding.reference.kind !== 'slots' || assignedBy(body).names.has(name)) return undefined;
  const slot = binding.reference.slots[0]!;
  if (!context.env || !isConst(context.read(slot)) || !isSimple(condition) || !isSimple(step.value)) return undefined;
  // Variables that the body assigns change between iterations.
  const assigned = new Set(assignedSlots(context, body));
  const varies = (expression: Expression) =>
    slotsNamedIn(context, expression).some(one => one !== slot && assigned.has(one));
  if (varies(condition) || varies(step.value)) return undefined;
  return simulate(context, slot, parts);
}

/** Counts the iterations by running the condition and the step on constants. */
function simulate(context: Context, counter: Slot, { condition, step }: ForParts): number | undefined {
  const before = context.env;
  context.env = new Map(before);
  try {
    for (let turns = 0; turns <= MOST_TURNS; turns++) {
      const runs = condition?.();
      if (runs?.op !== 'const') return undefined;
      if (runs.imm[0] === 0) return turns;
      step();
      if (!isConst(context.read(counter))) return undefined;
    }
    return undefined;
  } finally {
    context.env = before;
  }
}

function slotsNamedIn(context: Context, expression: Expression): Slot[] {
  switch (expression.kind) {
    case 'name': {
      const binding = context.scope.find(expression.name);
      return binding?.kind === 'variable' && binding.reference.kind === 'slots' ? [...binding.reference.slots] : [];
    }
    case 'unary':
      return slotsNamedIn(context, expression.operand);
    case 'binary':
      return [expression.left, expression.right].flatMap(one => slotsNamedIn(context, one));
    case 'call':
      return expression.args.flatMap(one => slotsNamedIn(context, one));
    default:
      return [];
  }
}

/** Returns whether an expression has only names, literals, operators and simple calls, and so accesses no memory. */
function isSimple(expression: Expression): boolean {
  switch (expression.kind) {
    case 'name':
    case 'literal':
      return true;
    case 'unary':
      return expression.operator !== '*' && expression.operator !== '&' && isSimple(expression.operand);
    case 'binary':
      return isSimple(expression.left) && isSimple(expression.right);
    case 'call':
      return /^(u32|i32|f32|min|max)$/.test(expression.callee.name) && expression.args.every(isSimple);
    default:
      return false;
  }
}

/** Estimates the weight of a body with its inner loops unrolled and its calls inlined. */
function unrolledWeight(context: Context, statement: Statement, depth = 0): number {
  let weight = weightOf(statement);
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null || weight > MOST_WEIGHT) return;
    if (Array.isArray(node)) {
      node.forEach(visit);
      return;
    }
    const one = node as Statement | Expression;
    if (one.kind === 'call' && depth < 8) {
      const binding = context.scope.find(one.callee.name);
      if (binding?.kind === 'function') weight += unrolledWeight(context, binding.declaration.body, depth + 1);
    }
    // The iterations of an inner loop are not known yet; an estimate bounds the growth of nested loops.
    if (one.kind === 'for') weight += 3 * weightOf(one.body);
    Object.values(one).forEach(visit);
  };
  visit(statement);
  return weight;
}

function hasBreak(statement: Statement): boolean {
  switch (statement.kind) {
    case 'break':
      return true;
    case 'block':
      return statement.statements.some(hasBreak);
    case 'if':
      return hasBreak(statement.then) || (statement.otherwise !== undefined && hasBreak(statement.otherwise));
    default:
      return false;
  }
}
