import { fail, type Position } from '../../../interface/compile_error.ts';
import { type ScalarName, scalarOf, scalarType, shapedLike, type Type, typeName } from '../../check/types.ts';
import type { Builder } from '../../ir/builder.ts';
import type { Node } from '../../ir/node.ts';
import type { Context } from '../state/context.ts';
import { commonScalar, concretize, convert } from '../values/convert.ts';
import { leaf, nodeOf, type Value } from '../values/values.ts';

/** A call of a builtin function whose arguments have been lowered. */
export interface BuiltinCall {
  readonly context: Context;
  readonly b: Builder;
  readonly name: string;
  readonly args: readonly Value[];
  readonly position: Position;
}

export type Builtin = (call: BuiltinCall) => Value | undefined;

export function expectCount(
  { name, args, position }: Pick<BuiltinCall, 'name' | 'args' | 'position'>,
  count: number,
): void {
  if (args.length !== count)
    fail(position, `wrong number of arguments to '${name}': expected ${count}, got ${args.length}`);
}

/** Converts the arguments to one concrete type: all scalars, or all vectors of one size. */
export function sameType(call: BuiltinCall, count: number): { type: Type; scalar: ScalarName; nodes: Node[] } {
  const { b, name, args, position } = call;
  expectCount(call, count);
  const common = args.reduce<ScalarName>(
    (scalar, { type }) => commonScalar(scalarType(scalar), type, position),
    scalarOf(args[0]!.type) ?? fail(position, `'${name}' is not defined for ${typeName(args[0]!.type)}`),
  );
  const scalar = common === 'abstract-int' ? 'i32' : common === 'abstract-float' ? 'f32' : common;
  const type = shapedLike(args[0]!.type, scalar);
  return { type, scalar, nodes: args.map(arg => nodeOf(convert(b, arg, type, position))) };
}

/** Converts the arguments to f32 or vectors of f32, abstract ints included. */
export function floats(call: BuiltinCall, count: number): { type: Type; nodes: Node[] } {
  const { b, name, args, position } = call;
  expectCount(call, count);
  const type = shapedLike(args[0]!.type, 'f32');
  const nodes = args.map(arg => {
    const { kind } = arg.type;
    if (kind !== 'scalar' && kind !== 'vector')
      return fail(position, `'${name}' is not defined for ${typeName(arg.type)}`);
    return nodeOf(convert(b, arg, type, position));
  });
  return { type, nodes };
}

/** Converts the arguments to one type: i32, u32, or vectors of them. */
export function integers(call: BuiltinCall, count: number): { type: Type; scalar: 'i32' | 'u32'; nodes: Node[] } {
  const { type, scalar, nodes } = sameType(call, count);
  if (scalar !== 'i32' && scalar !== 'u32')
    return fail(call.position, `'${call.name}' is not defined for ${typeName(type)}`);
  return { type, scalar, nodes };
}

/** Converts one argument to the type that it must have. */
export function argumentOf({ b, args, position }: BuiltinCall, index: number, type: Type): Node {
  return nodeOf(convert(b, args[index]!, type, position));
}

export function concrete({ b, args, position }: BuiltinCall, index: number): Value {
  return concretize(b, args[index]!, position);
}

/** Applies a computation on vectors to vectors, or to scalars by means of a vector's first lane. */
export function inLanes(b: Builder, type: Type, nodes: readonly Node[], compute: (...vectors: Node[]) => Node): Value {
  if (type.kind === 'vector') return leaf(type, compute(...nodes));
  const lanes = type.kind === 'scalar' && type.scalar === 'f32' ? 'f32x4' : 'i32x4';
  const splat = (node: Node) => b.op(`${node.kind === 'f32' ? 'f32x4' : 'i32x4'}.splat`, node);
  return leaf(type, b.lane(lanes, compute(...nodes.map(splat)), 0));
}
