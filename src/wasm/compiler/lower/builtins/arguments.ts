import { type ScalarName, scalarOf, scalarType, shapedLike, type Type, typeName } from '../../check/types.ts';
import { fail, type Position } from '../../errors.ts';
import type { Builder } from '../../ir/builder.ts';
import type { Node } from '../../ir/node.ts';
import type { Call } from '../../parse/ast.ts';
import type { Context } from '../context.ts';
import { commonScalar, concretize, convert } from '../convert.ts';
import { leaf, nodeOf, type Value } from '../values.ts';

/** A call of a builtin function, its arguments worked out. */
export interface BuiltinCall {
  readonly context: Context;
  readonly b: Builder;
  readonly name: string;
  readonly args: readonly Value[];
  readonly call: Call;
  readonly position: Position;
}

export type Builtin = (call: BuiltinCall) => Value | undefined;

export function expectCount({ name, args, position }: BuiltinCall, count: number): void {
  if (args.length !== count) fail(position, `'${name}' takes ${count} arguments, got ${args.length}`);
}

/** The arguments as one concrete type: all scalars, or all vectors of one size. */
export function sameType(call: BuiltinCall, count: number): { type: Type; scalar: ScalarName; nodes: Node[] } {
  const { b, name, args, position } = call;
  expectCount(call, count);
  const common = args.reduce<ScalarName>(
    (scalar, { type }) => commonScalar(scalarType(scalar), type, position),
    scalarOf(args[0]!.type) ?? fail(position, `'${name}' does not take ${typeName(args[0]!.type)}`),
  );
  const scalar = common === 'abstract-int' ? 'i32' : common === 'abstract-float' ? 'f32' : common;
  const type = shapedLike(args[0]!.type, scalar);
  return { type, scalar, nodes: args.map(arg => nodeOf(convert(b, arg, type, position))) };
}

/** The same, of f32: whole abstract numbers become so too. */
export function floats(call: BuiltinCall, count: number): { type: Type; nodes: Node[] } {
  const { b, name, args, position } = call;
  expectCount(call, count);
  const type = shapedLike(args[0]!.type, 'f32');
  const nodes = args.map(arg => {
    const { kind } = arg.type;
    if (kind !== 'scalar' && kind !== 'vector') return fail(position, `'${name}' does not take ${typeName(arg.type)}`);
    return nodeOf(convert(b, arg, type, position));
  });
  return { type, nodes };
}

/** i32 or u32, or vectors of them. */
export function integers(call: BuiltinCall, count: number): { type: Type; scalar: 'i32' | 'u32'; nodes: Node[] } {
  const { type, scalar, nodes } = sameType(call, count);
  if (scalar !== 'i32' && scalar !== 'u32')
    return fail(call.position, `'${call.name}' does not take ${typeName(type)}`);
  return { type, scalar, nodes };
}

/** One argument as the type that it must have. */
export function argumentOf({ b, args, position }: BuiltinCall, index: number, type: Type): Node {
  return nodeOf(convert(b, args[index]!, type, position));
}

export function concrete({ b, args, position }: BuiltinCall, index: number): Value {
  return concretize(b, args[index]!, position);
}

/** Works on a vector, or on a scalar in a vector's first lane: one implementation serves both. */
export function inLanes(b: Builder, type: Type, nodes: readonly Node[], compute: (...vectors: Node[]) => Node): Value {
  if (type.kind === 'vector') return leaf(type, compute(...nodes));
  const lanes = type.kind === 'scalar' && type.scalar === 'f32' ? 'f32x4' : 'i32x4';
  const splat = (node: Node) => b.op(`${node.kind === 'f32' ? 'f32x4' : 'i32x4'}.splat`, node);
  return leaf(type, b.lane(lanes, compute(...nodes.map(splat)), 0));
}
