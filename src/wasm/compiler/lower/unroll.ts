import { isConst } from '../ir/node.ts';
import type { Block, Expression, For, Statement } from '../parse/ast.ts';
import { assignedBy, weightOf } from './assigned.ts';
import { assignedSlots } from './assigned_slots.ts';
import type { Context } from './context.ts';
import { lowerCondition } from './expressions.ts';
import { jumpTo, labelled, newLabel } from './flow.ts';
import type { Reference } from './references.ts';
import type { Slot } from './scope.ts';
import { lowerStatement } from './statements.ts';

const MOST_TURNS = 32;
/** Expressions and statements after unrolling. */
const MOST_WEIGHT = 2500;

/**
 * Unrolls a `for` over a few known turns; its first part has been lowered. False, where it must be a loop.
 *
 * What the counter indexes is then known, so that small arrays and vectors stay in registers.
 */
export function unrollFor(
  context: Context,
  statement: For,
  lowerBody: (context: Context, body: Block, breakTo: () => void) => void,
): boolean {
  const turns = context.isChecking ? undefined : turnsOf(context, statement);
  if (turns === undefined || turns * unrolledWeight(context, statement.body) > MOST_WEIGHT) return false;
  const exit = newLabel(context);
  const run = () => {
    for (let turn = 0; turn < turns && context.isReachable; turn++) {
      lowerBody(context, statement.body, () => jumpTo(context, exit));
      if (context.isReachable) lowerStatement(context, statement.step!);
    }
  };
  if (statement.body.statements.some(hasBreak)) labelled(context, exit, run);
  else run();
  return true;
}

/** How often the body runs, where the counter's values follow from constants alone. */
function turnsOf(context: Context, { init, condition, step, body }: For): number | undefined {
  if (init?.kind !== 'declaration' || init.keyword !== 'var' || !condition || step?.kind !== 'assign') return undefined;
  const { name } = init;
  const binding = context.scope.find(name);
  if (step.target?.kind !== 'name' || step.target.name !== name || binding?.kind !== 'variable') return undefined;
  if (binding.reference.kind !== 'slots' || assignedBy(body).names.has(name)) return undefined;
  const slot = binding.reference.slots[0]!;
  if (!context.env || !isConst(context.read(slot)) || !isSimple(condition) || !isSimple(step.value)) return undefined;
  // What the body assigns has other values by the next turn.
  const assigned = new Set(assignedSlots(context, body));
  const varies = (expression: Expression) =>
    slotsNamedIn(context, expression).some(one => one !== slot && assigned.has(one));
  if (varies(condition) || varies(step.value)) return undefined;
  return simulate(context, binding.reference, condition, step);
}

function simulate(context: Context, reference: Reference, condition: Expression, step: Statement): number | undefined {
  if (reference.kind !== 'slots') return undefined;
  const before = context.env;
  context.env = new Map(before);
  try {
    for (let turns = 0; turns <= MOST_TURNS; turns++) {
      const runs = lowerCondition(context, condition);
      if (runs.op !== 'const') return undefined;
      if (runs.imm[0] === 0) return turns;
      lowerStatement(context, step);
      if (!isConst(context.read(reference.slots[0]!))) return undefined;
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

/** Names, literals and operators: nothing that writes or reads memory when it is lowered. */
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

/** The weight of a body whose own loops are unrolled too, and of the functions it calls. */
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
    // An inner loop's turns are not known yet; a guess keeps nests of them from growing without bounds.
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
