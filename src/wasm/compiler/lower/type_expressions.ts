import { fail, type Position } from '../../interface/compile_error.ts';
import {
  type AddressSpace,
  BOOL,
  F32,
  I32,
  type ScalarName,
  scalarOf,
  type Type,
  typeName,
  U32,
  vectorType,
} from '../check/types.ts';
import type { Expression } from '../parse/ast.ts';
import { lowerConstant } from './expressions.ts';
import type { Context } from './state/context.ts';

const SCALARS: Readonly<Record<string, Type>> = { bool: BOOL, i32: I32, u32: U32, f32: F32 };
const SUFFIXES: Readonly<Record<string, ScalarName>> = { f: 'f32', i: 'i32', u: 'u32' };
const SPACES = ['function', 'private', 'workgroup', 'storage', 'uniform'];

/** Resolves a type name; undefined if it does not name a type, or needs inference (`vec3` or `array` alone). */
export function findType(context: Context, expression: Expression): Type | undefined {
  if (expression.kind !== 'name') return undefined;
  const { name, template, position } = expression;
  const bound = context.scope.find(name);
  if (bound) return bound.kind === 'type' && !template ? bound.type : undefined;
  if (SCALARS[name]) return SCALARS[name];
  if (name === 'f16' || /^(vec[234]|mat[234]x[234])h$/.test(name)) fail(position, "'f16' is not supported");
  if (/^(texture|sampler)/.test(name)) fail(position, `'${name}' is not supported in compute kernels`);
  const short = /^(vec([234])|mat([234])x([234]))([fiu])$/.exec(name);
  if (short) return vectorOrMatrix(short[2], short[3], short[4], SUFFIXES[short[5]!]!);
  const long = /^(vec([234])|mat([234])x([234]))$/.exec(name);
  if (long && template) {
    const scalar = scalarOf(resolveType(context, template[0]!));
    if (!scalar || template.length !== 1) fail(position, `'${name}' needs a scalar type`);
    return vectorOrMatrix(long[2], long[3], long[4], scalar);
  }
  return template ? templatedType(context, name, template, position) : undefined;
}

export function resolveType(context: Context, expression: Expression): Type {
  const type = findType(context, expression);
  if (type) return type;
  return fail(
    expression.position,
    expression.kind === 'name' ? `unresolved type '${expression.name}'` : 'expected a type',
  );
}

function vectorOrMatrix(
  size: string | undefined,
  columns: string | undefined,
  rows: string | undefined,
  scalar: ScalarName,
): Type {
  if (size) return vectorType(Number(size), scalar);
  return { kind: 'matrix', columns: Number(columns), rows: Number(rows), scalar };
}

function templatedType(
  context: Context,
  name: string,
  template: readonly Expression[],
  position: Position,
): Type | undefined {
  if (name === 'array') {
    const element = resolveType(context, template[0]!);
    if (!template[1]) return { kind: 'array', element };
    return { kind: 'array', element, count: arrayCount(context, template[1]) };
  }
  if (name === 'atomic') {
    const scalar = scalarOf(resolveType(context, template[0]!));
    if (scalar !== 'i32' && scalar !== 'u32') return fail(position, 'an atomic must be i32 or u32');
    return { kind: 'atomic', scalar };
  }
  if (name === 'ptr') {
    const [space, target] = template;
    if (space?.kind !== 'name' || !SPACES.includes(space.name) || !target)
      return fail(position, "'ptr' needs an address space and a type");
    return { kind: 'pointer', space: space.name as AddressSpace, target: resolveType(context, target) };
  }
  return undefined;
}

function arrayCount(context: Context, expression: Expression): number {
  const value = lowerConstant(context, expression, 'an array length', { latest: 'override' });
  const scalar = scalarOf(value.type);
  const count = value.kind === 'abstract' ? value.number : value.kind === 'leaf' ? value.node.imm[0]! : 0;
  const isWhole = scalar === 'i32' || scalar === 'u32' || scalar === 'abstract-int';
  if (!isWhole || count < 1)
    fail(expression.position, `an array length must be an integer above 0, got ${count} (${typeName(value.type)})`);
  return count;
}
