import { fail, type Position } from '../../interface/compile_error.ts';
import { isSame, type Type, typeName, VOID } from '../check/types.ts';
import type { Call, Expression, FunctionDeclaration, Statement } from '../parse/ast.ts';
import { expectCount } from './builtins/arguments.ts';
import { callBuiltin, checkBuiltin } from './builtins/index.ts';
import { lowerExpression } from './expressions.ts';
import type { Context } from './state/context.ts';
import { labelled, newLabel } from './state/flow.ts';
import { load, slotsFor, storeSlots } from './state/references.ts';
import { Scope } from './state/scope.ts';
import { lowerStatements } from './statements.ts';
import { findType, resolveType } from './type_expressions.ts';
import { constructValue, inferType } from './values/constructors.ts';
import { bitcast, convert } from './values/convert.ts';
import { type Value, zeroValue } from './values/values.ts';

const DEEPEST_CALL = 64;

/** Lowers a call of a shader function, a type constructor or a builtin function. */
export function lowerCall(context: Context, call: Call): Value | undefined {
  const { callee, args, position } = call;
  const lowerArgs = () => args.map(arg => lowerExpression(context, arg));
  const binding = context.scope.find(callee.name);
  if (binding?.kind === 'function') return callFunction(context, binding.declaration, lowerArgs(), call);
  const isTypeName = binding?.kind === 'type' || /^(array|vec[234]|mat[234]x[234])$/.test(callee.name);
  if (callee.name !== 'bitcast' && (isTypeName || findType(context, callee))) {
    const values = lowerArgs();
    const type = findType(context, callee) ?? inferType(callee.name, values, position);
    return constructValue(context.b, type, values, position);
  }
  if (binding) return fail(position, `'${callee.name}' cannot be called`);
  if (callee.name === 'bitcast') return lowerBitcast(context, call, lowerArgs());
  checkBuiltin(context, call);
  return callBuiltin(context, call, lowerArgs());
}

/** Lowers `bitcast<T>(x)`, the only builtin function that is called with a type. */
function lowerBitcast(context: Context, { callee, position }: Call, args: readonly Value[]): Value {
  expectCount({ name: callee.name, args, position }, 1);
  const [template] = callee.template ?? [];
  if (!template) return fail(position, "'bitcast' needs a target type");
  return bitcast(context.b, args[0]!, resolveType(context, template), position);
}

function callFunction(
  context: Context,
  declaration: FunctionDeclaration,
  args: readonly Value[],
  call: Call,
): Value | undefined {
  const { name, parameters, position } = declaration;
  if (args.length !== parameters.length)
    fail(call.position, `wrong number of arguments to '${name}': expected ${parameters.length}, got ${args.length}`);
  if (context.callDepth >= DEEPEST_CALL) fail(call.position, `'${name}' calls itself`);
  const scope = new Scope(context.globals);
  return context.inScope(() => {
    parameters.forEach((parameter, i) => {
      const type = resolveType(context, parameter.type);
      const value = argument(context, args[i]!, type, call.args[i]!.position);
      context.declare(parameter.name, { kind: 'value', value }, parameter.position);
    });
    const returnType = declaration.returnType ? resolveType(context, declaration.returnType) : VOID;
    if (context.isChecking) return returnType.kind === 'void' ? undefined : zeroValue(context.b, returnType, position);
    return runBody(context, declaration, returnType);
  }, scope);
}

function argument(context: Context, value: Value, type: Type, position: Position): Value {
  if (value.kind !== 'pointer') return convert(context.b, value, type, position);
  if (!isSame(value.type, type)) fail(position, `expected ${typeName(type)}, got ${typeName(value.type)}`);
  return value;
}

/** Calls are inlined, so functions that each call the next one twice make the shader grow exponentially. */
const MOST_INLINED_CALLS = 20_000;

/** Inlines a function's body. The current scope must contain its parameters. */
export function runBody(context: Context, declaration: FunctionDeclaration, returnType: Type): Value | undefined {
  const { statements } = declaration.body;
  if (++context.inlinedCalls > MOST_INLINED_CALLS)
    fail(
      declaration.position,
      `the shader is too large: more than ${MOST_INLINED_CALLS} calls once '${declaration.name}' is inlined`,
    );
  const outer = { frame: context.frame, jumps: context.jumps };
  context.jumps = {};
  context.callDepth++;
  try {
    const last = statements.at(-1);
    const end = last?.kind === 'return' ? last : undefined;
    const before = end ? statements.slice(0, -1) : statements;
    if ((end || returnType.kind === 'void') && !before.some(containsReturn)) {
      context.frame = undefined;
      lowerStatements(context, before);
      return end && returnedValue(context, end.value, returnType, end.position);
    }
    return runWithLabel(context, declaration, returnType);
  } finally {
    context.frame = outer.frame;
    context.jumps = outer.jumps;
    context.callDepth--;
  }
}

/** Inlines a body that returns early: each `return` writes the value to slots and jumps to a label after the body. */
export function runWithLabel(
  context: Context,
  { name, body, position }: FunctionDeclaration,
  returnType: Type,
): Value | undefined {
  const results = returnType.kind === 'void' ? [] : slotsFor(name, returnType);
  const label = newLabel(context);
  context.frame = { returnType, label, results };
  for (const slot of results) context.write(slot, context.zero(slot));
  let endsReachable = false;
  labelled(context, label, () => {
    lowerStatements(context, body.statements);
    endsReachable = context.isReachable && results.length > 0;
  });
  if (endsReachable) fail(position, `'${name}' may end without returning a value`);
  if (returnType.kind === 'void') return undefined;
  const reference = { kind: 'slots', type: returnType, space: 'function', slots: results } as const;
  if (!context.isReachable) context.env = new Map(results.map(slot => [slot, context.zero(slot)]));
  const value = load(context, { ...reference, declaration: undefined as never });
  for (const slot of results) context.env!.delete(slot);
  return value;
}

function returnedValue(
  context: Context,
  expression: Expression | undefined,
  type: Type,
  position: Position,
): Value | undefined {
  if (!expression)
    return type.kind === 'void' ? undefined : fail(position, `expected a return value of type ${typeName(type)}`);
  if (type.kind === 'void') return fail(position, 'a function without a return type must not return a value');
  return convert(context.b, lowerExpression(context, expression), type, expression.position);
}

/** Lowers the value of a `return` in a body that ends with a label. */
export function lowerReturn(context: Context, expression: Expression | undefined, position: Position): void {
  const { frame } = context;
  if (!frame) {
    fail(position, "'return' is allowed only in a function");
    return;
  }
  const value = returnedValue(context, expression, frame.returnType, position);
  if (value) storeSlots(context, frame.results, value);
}

function containsReturn(statement: Statement): boolean {
  switch (statement.kind) {
    case 'return':
      return true;
    case 'block':
      return statement.statements.some(containsReturn);
    case 'if':
      return (
        containsReturn(statement.then) || (statement.otherwise !== undefined && containsReturn(statement.otherwise))
      );
    case 'for':
      return containsReturn(statement.body);
    case 'loop':
      return containsReturn(statement.body);
    case 'switch':
      return statement.cases.some(one => containsReturn(one.body));
    default:
      return false;
  }
}
