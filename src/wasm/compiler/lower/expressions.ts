import { fail, type Position } from '../../interface/compile_error.ts';
import { BOOL, concreteType, F32, I32, scalarOf, type Type, typeName, U32, vectorType } from '../check/types.ts';
import type { Builder } from '../ir/builder.ts';
import type { Node } from '../ir/node.ts';
import type { Binary, Expression, Literal, Name } from '../parse/ast.ts';
import { isKnownEarly, stageOf } from './analysis/stage.ts';
import { lowerCall } from './calls.ts';
import type { Context } from './state/context.ts';
import { merge, newEdge } from './state/flow.ts';
import { elementCountOf, elementReference, elementType, load, memberReference } from './state/references.ts';
import { checkFinite, checkOperands } from './values/constant_rules.ts';
import { concretize, convert } from './values/convert.ts';
import { binary, boolean, unary } from './values/operators.ts';
import type { Reference } from './values/reference.ts';
import {
  abstractNumber,
  componentsOf,
  isConstant,
  leaf,
  nodeOf,
  type PartsValue,
  partsOf,
  selectValue,
  type Value,
} from './values/values.ts';
import { laneOf } from './values/vectors.ts';

/** Lowers an expression to its value; an expression that refers to memory is loaded. */
export function lowerExpression(context: Context, expression: Expression): Value {
  const place = findPlace(context, expression);
  if (place) {
    if (place.type.kind === 'atomic') fail(expression.position, 'an atomic must be read with atomicLoad');
    return place.kind === 'value' ? place.value : load(context, place);
  }
  const { b } = context;
  switch (expression.kind) {
    case 'literal':
      return lowerLiteral(b, expression);
    case 'name':
      return lowerName(context, expression);
    case 'call': {
      const value = lowerCall(context, expression);
      return finite(
        context,
        expression,
        value ?? fail(expression.position, `'${expression.callee.name}' does not return a value`),
      );
    }
    case 'unary':
      if (expression.operator === '&') return addressOf(context, expression.operand);
      return unary(b, expression.operator, lowerExpression(context, expression.operand), expression.position);
    case 'binary':
      return finite(context, expression, lowerBinary(context, expression));
    case 'member':
      return memberOf(context, lowerExpression(context, expression.base), expression.member, expression.position);
    case 'index':
      return elementOf(context, lowerExpression(context, expression.base), expression.index);
  }
}

/** Lowers a const-expression; with `latest: 'override'`, also one whose value is known when the pipeline is created. */
export function lowerConstant(
  context: Context,
  expression: Expression,
  what: string,
  { latest = 'const' }: { latest?: 'const' | 'override' } = {},
): Value {
  const value = lowerExpression(context, expression);
  const stage = stageOf(context, expression);
  if (stage === 'runtime' || !isConstant(value))
    fail(expression.position, `${what} must be known before the kernel runs`);
  if (stage !== latest && latest === 'const')
    fail(expression.position, `${what} must be known before the pipeline is created`);
  return value;
}

/** Lowers a condition to a node of type bool. */
export function lowerCondition(context: Context, expression: Expression): Node {
  const value = lowerExpression(context, expression);
  if (typeName(value.type) !== 'bool') fail(expression.position, `expected bool, got ${typeName(value.type)}`);
  return nodeOf(value);
}

/** Returns the variable, or the part of one, that an expression refers to; undefined if it is only a value. */
export function findReference(context: Context, expression: Expression): Reference | undefined {
  const place = findPlace(context, expression);
  return place?.kind === 'value' ? undefined : place;
}

/** A reference or, after a swizzle of one, its value, so that the indices in the expression are evaluated only once. */
type Place = Reference | { readonly kind: 'value'; readonly type: Type; readonly value: Value };

function findPlace(context: Context, expression: Expression): Place | undefined {
  switch (expression.kind) {
    case 'name': {
      const binding = expression.template ? undefined : context.scope.find(expression.name);
      return binding?.kind === 'variable' ? binding.reference : undefined;
    }
    case 'unary': {
      if (expression.operator !== '*') return undefined;
      const value = lowerExpression(context, expression.operand);
      return value.kind === 'pointer'
        ? value.reference
        : fail(expression.position, 'only a pointer can be dereferenced');
    }
    case 'member': {
      const { member, position } = expression;
      const base = findBase(context, expression.base);
      if (!base) return undefined;
      if (base.kind === 'value') return placeOf(memberOf(context, base.value, member, position));
      if (base.type.kind !== 'vector') return memberReference(base, member, position);
      const lanes = swizzleLanes(base.type, member, position);
      if (lanes.length > 1) return placeOf(swizzle(context.b, load(context, base), lanes));
      return elementReference(context, base, context.b.i32(lanes[0]!), position);
    }
    case 'index': {
      const base = findBase(context, expression.base);
      if (!base) return undefined;
      if (base.kind === 'value') return placeOf(elementOf(context, base.value, expression.index));
      const index = lowerIndex(context, expression.index, elementCountOf(base.type));
      return elementReference(context, base, index, expression.position);
    }
    default:
      return undefined;
  }
}

function placeOf(value: Value): Place {
  return { kind: 'value', type: value.type, value };
}

/** Finds the place that an expression refers to or, if it is a pointer, points to: `p.x` means `(*p).x`. */
function findBase(context: Context, expression: Expression): Place | undefined {
  const place = findPlace(context, expression);
  if (place) return place;
  const isPointer = expression.kind === 'name' && !expression.template;
  const binding = isPointer ? context.scope.find(expression.name) : undefined;
  if (binding?.kind === 'lazy' && binding.pointer) {
    const pointer = binding.pointer();
    return pointer.kind === 'pointer' ? pointer.reference : undefined;
  }
  return binding?.kind === 'value' && binding.value.kind === 'pointer' ? binding.value.reference : undefined;
}

function lowerIndex(context: Context, expression: Expression, count: number | undefined): Node {
  const value = lowerExpression(context, expression);
  const scalar = value.type.kind === 'scalar' ? value.type.scalar : undefined;
  if (value.kind === 'abstract' && scalar === 'abstract-int') {
    if (value.number < 0 || (count !== undefined && value.number >= count))
      fail(expression.position, `the index must be in 0..${(count ?? Infinity) - 1}, got ${value.number}`);
    return context.b.i32(value.number);
  }
  if (scalar !== 'i32' && scalar !== 'u32')
    return fail(expression.position, `an index must be i32 or u32, got ${typeName(value.type)}`);
  return nodeOf(value);
}

function addressOf(context: Context, operand: Expression): Value {
  const reference = findReference(context, operand);
  if (!reference) return fail(operand.position, "'&' needs a variable");
  if (reference.kind === 'lane') return fail(operand.position, 'cannot take the address of a vector component');
  return { kind: 'pointer', type: { kind: 'pointer', space: reference.space, target: reference.type }, reference };
}

function lowerLiteral(b: Builder, { type, value, position }: Literal): Value {
  switch (type) {
    case 'bool':
      return leaf(BOOL, b.i32(value));
    case 'i32':
      return leaf(I32, b.i32(value));
    case 'u32':
      return leaf(U32, b.i32(value));
    case 'f32':
      return leaf(F32, b.f32(value));
    case 'f16':
      return fail(position, "'f16' is not supported");
    default:
      return abstractNumber(type, value);
  }
}

function lowerName(context: Context, { name, position }: Name): Value {
  const binding = context.scope.find(name);
  if (binding?.kind === 'value') return binding.value;
  if (binding?.kind === 'lazy') return binding.value();
  return fail(position, binding ? `'${name}' is not a value` : `unresolved value '${name}'`);
}

function finite(context: Context, expression: Expression, value: Value): Value {
  if (isKnownEarly(context, expression)) checkFinite(value, expression.position);
  return value;
}

function lowerBinary(context: Context, { operator, left, right, position }: Binary): Value {
  const x = lowerExpression(context, left);
  if (operator === '&&' || operator === '||') return lowerShortCircuit(context, operator, x, right, position);
  const y = lowerExpression(context, right);
  const [isLeftEarly, isRightEarly] = [isKnownEarly(context, left), isKnownEarly(context, right)];
  checkOperands(operator, { left: x, right: y, isLeftEarly, isRightEarly }, position);
  // An abstract number stays abstract only if the shift amount is a const-expression too.
  const isShift = operator === '<<' || operator === '>>';
  const isFixed = isShift && stageOf(context, right) !== 'const';
  return binary(context.b, operator, isFixed ? concretize(context.b, x, position) : x, y, position);
}

/** Lowers `&&` or `||`. Branches around the right operand only if it accesses memory or assigns a variable. */
function lowerShortCircuit(
  context: Context,
  operator: '&&' | '||',
  x: Value,
  right: Expression,
  position: Position,
): Value {
  const { b } = context;
  const decided = Number(operator === '||');
  const condition = nodeOf(boolean(b, operator, x, x, position));
  if (condition.op === 'const' && Number(condition.imm[0] !== 0) === decided && !context.isChecking) return x;
  if (!context.env) return x;
  const before = context.env;
  const statement = b.newIf(decided ? b.op('i32.eqz', condition) : condition);
  const [y, edge] = b.inside(statement.whenTrue, () => {
    context.env = new Map(before);
    const value = boolean(b, operator, x, lowerExpression(context, right), position);
    const assigns = [...before].some(([slot, node]) => context.read(slot) !== node);
    return [value, assigns || b.region.statements.length > 0 ? newEdge(context) : undefined] as const;
  });
  if (!edge) {
    context.env = before;
    return y;
  }
  const slot = { name: operator, kind: 'i32', type: BOOL } as const;
  b.append(statement);
  const other = b.inside(statement.whenFalse, () => {
    context.env = new Map(before);
    context.write(slot, b.i32(decided));
    return newEdge(context)!;
  });
  const taken = { env: new Map(edge.env).set(slot, nodeOf(y)), pairs: edge.pairs };
  context.env = merge(context, [...before.keys(), slot], [taken, other]);
  const result = context.read(slot);
  context.env?.delete(slot);
  return leaf(BOOL, result);
}

function memberOf(context: Context, base: Value, member: string, position: Position): Value {
  const { type } = base;
  if (base.kind === 'pointer') return load(context, memberReference(base.reference, member, position));
  if (type.kind === 'struct') {
    const index = type.members.findIndex(({ name }) => name === member);
    return index < 0 ? fail(position, `${type.name} has no member '${member}'`) : (base as PartsValue).parts[index]!;
  }
  if (type.kind !== 'vector') return fail(position, `${typeName(type)} has no member '${member}'`);
  return swizzle(context.b, base, swizzleLanes(type, member, position));
}

/** Returns the lanes that a swizzle such as `xy` or `bgr` selects. */
function swizzleLanes(type: Type, member: string, position: Position): number[] {
  const size = type.kind === 'vector' ? type.size : 0;
  const letters = ['xyzw', 'rgba'].find(set => [...member].every(letter => set.includes(letter)));
  const lanes = [...member].map(letter => letters?.indexOf(letter) ?? size);
  if (member.length > 4 || lanes.some(lane => lane >= size))
    fail(position, `${typeName(type)} has no member '${member}'`);
  return lanes;
}

function swizzle(b: Builder, base: Value, lanes: readonly number[]): Value {
  const scalar = scalarOf(base.type)!;
  if (lanes.length === 1) return componentsOf(b, base)[lanes[0]!]!;
  const type = vectorType(lanes.length, scalar);
  if (base.kind === 'parts')
    return partsOf(
      type,
      lanes.map(lane => base.parts[lane]!),
    );
  const node = nodeOf(base);
  const wanted = [0, 1, 2, 3].map(i => lanes[i] ?? lanes[lanes.length - 1]!);
  return leaf(type, b.shuffle(node, node, wanted));
}

function elementOf(context: Context, base: Value, index: Expression): Value {
  const { b } = context;
  if (base.kind === 'pointer') {
    const at = lowerIndex(context, index, elementCountOf(base.reference.type));
    return load(context, elementReference(context, base.reference, at, index.position));
  }
  const at = lowerIndex(context, index, elementCountOf(base.type));
  const type = elementType(base.type, index.position);
  if (at.op === 'const' && base.kind === 'parts') return base.parts[Math.min(at.imm[0]! >>> 0, base.parts.length - 1)]!;
  const vector = base.type.kind === 'vector' ? concretize(b, base, index.position) : base;
  if (vector.kind === 'leaf') return leaf(concreteType(type), laneOf(b, vector, at));
  return chooseElement(context, concretize(b, base, index.position) as PartsValue, at);
}

/** Selects an element of an array or matrix value, which has no address, by comparisons with each index. */
function chooseElement(context: Context, base: PartsValue, index: Node): Value {
  const { b } = context;
  return base.parts.reduce((chosen, part, i) =>
    i === 0 ? part : selectValue(b, chosen, part, b.op('i32.ge_u', index, b.i32(i))),
  );
}

/** Lowers an initializer and converts it to the declared type, if there is one. */
export function lowerInitializer(
  context: Context,
  init: Expression,
  type: Type | undefined,
  { keepAbstract = false } = {},
): Value {
  const value = lowerExpression(context, init);
  if (type) return convert(context.b, value, type, init.position);
  return keepAbstract ? value : concretize(context.b, value, init.position);
}
