import { fail, type Position } from '../../interface/compile_error.ts';
import { sizeOf } from '../check/layout.ts';
import { isAbstract, typeName } from '../check/types.ts';
import type { Node } from '../ir/node.ts';
import type { Assign, Block, Call, Declaration, Expression, For, If, Loop, Statement, Switch } from '../parse/ast.ts';
import { assignedSlots } from './analysis/assigned_slots.ts';
import { isBarrier } from './analysis/barriers.ts';
import { isKnownEarly } from './analysis/stage.ts';
import { lowerCall, lowerReturn } from './calls.ts';
import { findReference, lowerCondition, lowerConstant, lowerExpression, lowerInitializer } from './expressions.ts';
import type { Context, Jumps, Label } from './state/context.ts';
import { branch, jumpTo, labelled, loop, newLabel } from './state/flow.ts';
import { load, slotsFor, store, storeSlots } from './state/references.ts';
import { resolveType } from './type_expressions.ts';
import { type ForParts, unrollFor } from './unroll.ts';
import { checkOperands } from './values/constant_rules.ts';
import { convert } from './values/convert.ts';
import { binary } from './values/operators.ts';
import type { Reference } from './values/reference.ts';
import { checkValueSize, nodeOf, type Value, zeroValue } from './values/values.ts';

export function lowerStatements(context: Context, statements: readonly Statement[]): void {
  if (context.isChecking) {
    checkStatements(context, statements);
    return;
  }
  for (const statement of statements) {
    if (!context.isReachable) return;
    lowerStatement(context, statement);
  }
}

/** Lowers all statements, also those after a jump, as if the jump were not there. */
function checkStatements(context: Context, statements: readonly Statement[]): void {
  let isReachable = context.isReachable;
  for (const statement of statements) {
    const before = context.env && new Map(context.env);
    lowerStatement(context, statement);
    isReachable &&= context.isReachable;
    context.env ??= before;
  }
  if (!isReachable) context.env = undefined;
}

function lowerBlock(context: Context, block: Block): void {
  context.inScope(() => lowerStatements(context, block.statements));
}

export function lowerStatement(context: Context, statement: Statement): void {
  switch (statement.kind) {
    case 'declaration':
      lowerDeclaration(context, statement);
      return;
    case 'assign':
      lowerAssign(context, statement);
      return;
    case 'call-statement':
      lowerCallStatement(context, statement.call);
      return;
    case 'block':
      lowerBlock(context, statement);
      return;
    case 'if':
      lowerIf(context, statement);
      return;
    case 'for':
      lowerFor(context, statement);
      return;
    case 'loop':
      lowerLoop(context, statement);
      return;
    case 'switch':
      lowerSwitch(context, statement);
      return;
    case 'break':
    case 'continue': {
      const jump = statement.kind === 'break' ? context.jumps.breakTo : context.jumps.continueTo;
      jump ? jump() : fail(statement.position, `'${statement.kind}' is outside of a loop`);
      return;
    }
    case 'return': {
      lowerReturn(context, statement.value, statement.position);
      context.frame!.beforeReturn?.();
      jumpTo(context, context.frame!.label);
      return;
    }
    case 'const-assert':
      lowerAssert(context, statement.condition);
      return;
  }
}

/** Lowers a call statement. Only shader functions, atomics and barriers may be called without using their value. */
function lowerCallStatement(context: Context, call: Call): void {
  const value = lowerCall(context, call);
  const { name } = call.callee;
  if (!value || name.startsWith('atomic') || isBarrier(name)) return;
  const binding = context.scope.find(name);
  const mayBeUnused =
    binding?.kind === 'function' && !binding.declaration.attributes.some(one => one.name === 'must_use');
  if (!mayBeUnused) fail(call.position, `the return value of '${name}' must be used`);
}

export function lowerAssert(context: Context, condition: Parameters<typeof lowerConstant>[1]): void {
  const value = lowerConstant(context, condition, 'the assertion');
  if (typeName(value.type) !== 'bool') fail(condition.position, `expected bool, got ${typeName(value.type)}`);
  if (nodeOf(value).imm[0] === 0) fail(condition.position, 'const assertion failed');
}

function lowerDeclaration(context: Context, declaration: Declaration): void {
  const { keyword, name, init, position } = declaration;
  const type = declaration.type && resolveType(context, declaration.type);
  if (keyword === 'var') {
    lowerVariable(context, declaration);
    return;
  }
  if (keyword === 'const') {
    const constant = lowerConstant(context, init!, `'${name}'`);
    const value = type ? convert(context.b, constant, type, init!.position) : constant;
    context.declare(name, { kind: 'value', value, stage: 'const' }, position);
    return;
  }
  const value = lowerInitializer(context, init!, type);
  context.declare(name, { kind: 'value', value }, position);
}

function lowerVariable(context: Context, declaration: Declaration): void {
  const { name, init, position } = declaration;
  if (declaration.space && declaration.space !== 'function')
    fail(position, `a variable in the address space '${declaration.space}' must be declared at module scope`);
  const written = declaration.type && resolveType(context, declaration.type);
  const value = init
    ? lowerInitializer(context, init, written)
    : zeroValue(context.b, written ?? fail(position, `'${name}' needs a type or an initializer`), position);
  const reference = variableReference(context, declaration, value.type);
  if (reference.kind === 'slots') storeSlots(context, reference.slots, value);
  else store(context, reference, value);
  context.declare(name, { kind: 'variable', reference }, position);
}

/** Allocates a variable: in nodes, or in scratch memory if it is indexed by a value that is not constant. */
export function variableReference(
  context: Context,
  declaration: Declaration,
  type: Reference['type'],
  space: 'function' | 'private' = 'function',
): Reference {
  if (type.kind === 'pointer' || isAbstract(type))
    fail(declaration.position, `a variable cannot have the type ${typeName(type)}`);
  checkValueSize(type, declaration.position);
  if (!context.inMemory.has(declaration))
    return { kind: 'slots', type, space, slots: slotsFor(declaration.name, type), declaration };
  const offset = context.scratch.take(sizeOf(type));
  return { kind: 'memory', type, space, address: context.scratchAddress, offset, isReadOnly: false };
}

function lowerAssign(context: Context, { target, operator, value, isStep, position }: Assign): void {
  if (!target) {
    lowerExpression(context, value);
    return;
  }
  const reference = findReference(context, target) ?? swizzleTarget(target);
  if (reference.kind === 'memory' && reference.isReadOnly) fail(target.position, 'the variable is read-only');
  const { type } = reference;
  if (isStep && !/^[iu]32$/.test(typeName(type)))
    fail(position, `'${operator}${operator}' needs i32 or u32, got ${typeName(type)}`);
  const result = operator ? update(context, operator, reference, value, position) : lowerExpression(context, value);
  store(context, reference, convert(context.b, result, type, value.position));
}

/** Lowers the `target op value` of `target op= value`. */
function update(
  context: Context,
  operator: string,
  reference: Reference,
  value: Expression,
  position: Position,
): Value {
  const left = load(context, reference);
  const right = lowerExpression(context, value);
  const isRightEarly = isKnownEarly(context, value);
  checkOperands(operator, { left, right, isLeftEarly: false, isRightEarly }, position);
  return binary(context.b, operator, left, right, position);
}

function swizzleTarget(target: NonNullable<Assign['target']>): never {
  return fail(
    target.position,
    target.kind === 'member' ? `'.${target.member}' cannot be assigned` : 'only a variable can be assigned',
  );
}

function lowerIf(context: Context, { condition, then, otherwise }: If): void {
  branch(
    context,
    lowerCondition(context, condition),
    () => lowerBlock(context, then),
    () => otherwise && lowerStatement(context, otherwise),
  );
}

function withJumps(context: Context, jumps: Jumps, body: () => void): void {
  const outer = context.jumps;
  context.jumps = jumps;
  body();
  context.jumps = outer;
}

function lowerFor(context: Context, statement: For): void {
  context.inScope(() => {
    if (statement.init) lowerStatement(context, statement.init);
    const { condition, step, body } = statement;
    const parts: ForParts = {
      condition: condition && (() => lowerCondition(context, condition)),
      body: exit => lowerLoopBody(context, body, () => jumpTo(context, exit)),
      step: () => step && lowerStatement(context, step),
    };
    if (unrollFor(context, statement, parts)) return;
    loop(context, {
      slots: assignedSlots(context, statement),
      condition: parts.condition,
      body: exit => {
        parts.body(exit);
        if (context.isReachable) parts.step();
      },
    });
  });
}

/** Lowers a loop's body, followed by a label if it contains `continue`. */
function lowerLoopBody(context: Context, body: Block, breakTo: () => void): void {
  if (!body.statements.some(hasContinue)) {
    withJumps(context, { breakTo }, () => lowerBlock(context, body));
    return;
  }
  const next = newLabel(context);
  labelled(context, next, () => {
    withJumps(context, { breakTo, continueTo: () => jumpTo(context, next) }, () => lowerBlock(context, body));
  });
}

function lowerLoop(context: Context, statement: Loop): void {
  const { body, continuing, breakIf } = statement;
  loop(context, {
    slots: assignedSlots(context, statement),
    body: exit => {
      // The continuing block can use the body's declarations.
      context.inScope(() => {
        const breakTo = () => jumpTo(context, exit);
        if (!body.statements.some(hasContinue))
          withJumps(context, { breakTo }, () => lowerStatements(context, body.statements));
        else {
          const next = newLabel(context);
          labelled(context, next, () => {
            const continueTo = () => jumpTo(context, next);
            withJumps(context, { breakTo, continueTo }, () => lowerStatements(context, body.statements));
          });
        }
        if (!context.isReachable) return;
        context.inScope(() => {
          if (continuing) withJumps(context, {}, () => lowerStatements(context, continuing.statements));
          if (breakIf) branch(context, lowerCondition(context, breakIf), breakTo, () => {});
        });
      });
    },
  });
}

function hasContinue(statement: Statement): boolean {
  switch (statement.kind) {
    case 'continue':
      return true;
    case 'block':
      return statement.statements.some(hasContinue);
    case 'if':
      return hasContinue(statement.then) || (statement.otherwise !== undefined && hasContinue(statement.otherwise));
    case 'switch':
      return statement.cases.some(one => hasContinue(one.body));
    default:
      return false;
  }
}

/** Functions that lower the parts of a switch. */
interface SwitchParts {
  readonly selector: () => Value;
  readonly body: (block: Block, end: Label) => void;
}

function switchParts(context: Context, selector: Expression): SwitchParts {
  return {
    selector: () => lowerInitializer(context, selector, undefined),
    body: (block, end) =>
      withJumps(context, { ...context.jumps, breakTo: () => jumpTo(context, end) }, () => lowerBlock(context, block)),
  };
}

/** Lowers a switch to a chain of `if`s, with the default last, wherever it is written. */
export function lowerSwitch(
  context: Context,
  { selector, cases }: Switch,
  parts: SwitchParts = switchParts(context, selector),
): void {
  const { b } = context;
  const value = parts.selector();
  const { type } = value;
  if (typeName(type) !== 'i32' && typeName(type) !== 'u32')
    fail(selector.position, `a switch selector must be i32 or u32, got ${typeName(type)}`);
  const seen = new Set<number>();
  const matches = (one: Switch['cases'][number]): Node =>
    one.selectors
      .map(expression => {
        const constant = convert(b, lowerConstant(context, expression, 'the case'), type, expression.position);
        const number = nodeOf(constant).imm[0]!;
        if (seen.has(number)) fail(expression.position, 'duplicate switch case');
        seen.add(number);
        return b.op('i32.eq', nodeOf(value), nodeOf(constant));
      })
      .reduce((any, each) => b.op('i32.or', any, each), b.i32(0));
  const end = newLabel(context);
  labelled(context, end, () => {
    const others = cases.filter(one => !one.isDefault);
    const fallback = cases.find(one => one.isDefault)!;
    const lowerFrom = (i: number): void => {
      const one = others[i];
      if (!one) parts.body(fallback.body, end);
      else
        branch(
          context,
          matches(one),
          () => parts.body(one.body, end),
          () => lowerFrom(i + 1),
        );
    };
    lowerFrom(0);
  });
}
