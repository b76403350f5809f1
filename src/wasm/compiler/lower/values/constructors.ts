import { fail, type Position } from '../../../interface/compile_error.ts';
import {
  columnType,
  isAbstract,
  type MatrixType,
  type ScalarName,
  scalarOf,
  scalarType,
  type Type,
  typeName,
  type VectorType,
  vectorType,
} from '../../check/types.ts';
import type { Builder } from '../../ir/builder.ts';
import { cast, commonScalar, concretize, convert } from './convert.ts';
import { componentsOf, isLeaf, makeVector, nodeOf, partsOf, partTypes, type Value, zeroValue } from './values.ts';

/** Lowers `T(…)`: a zero value, a conversion, or a composite. */
export function constructValue(b: Builder, type: Type, values: readonly Value[], position: Position): Value {
  if (values.length === 0) return zeroValue(b, type, position);
  switch (type.kind) {
    case 'scalar':
      if (values.length !== 1)
        fail(position, `wrong number of arguments to '${type.scalar}': expected 1, got ${values.length}`);
      return cast(b, values[0]!, type.scalar, position);
    case 'vector':
      return constructVector(b, type, values, position);
    case 'matrix':
      return constructMatrix(b, type, values, position);
    case 'array':
    case 'struct':
      return constructParts(b, type, values, position);
    default:
      return fail(position, `${typeName(type)} cannot be constructed`);
  }
}

/** Infers the type of `vec3(…)`, `mat2x2(…)` or `array(…)` from the arguments. */
export function inferType(name: string, values: readonly Value[], position: Position): Type {
  if (name === 'array') {
    const [first] = values;
    if (!first) return fail(position, 'an empty array needs an element type');
    const element = values.reduce((best, { type }) => widerType(best, type, position), first.type);
    return { kind: 'array', element, count: values.length };
  }
  const [columns, rows] = [...name.matchAll(/[0-9]/g)].map(([digit]) => Number(digit));
  const scalar = values.length > 0 ? commonOf(values, position) : fail(position, `'${name}' needs a component type`);
  if (rows === undefined) return vectorType(columns!, scalar);
  return { kind: 'matrix', columns: columns!, rows, scalar: scalar === 'abstract-int' ? 'abstract-float' : scalar };
}

function widerType(a: Type, b: Type, position: Position): Type {
  if (!isAbstract(a)) return a;
  if (!isAbstract(b)) return b;
  return a.kind === 'scalar' ? scalarType(commonScalar(a, b, position)) : a;
}

function commonOf(values: readonly Value[], position: Position): ScalarName {
  return values.reduce<ScalarName>(
    (scalar, { type }) => commonScalar(scalarType(scalar), type, position),
    scalarOf(values[0]!.type) ?? fail(position, `${typeName(values[0]!.type)} is not a scalar or a vector`),
  );
}

function constructVector(b: Builder, type: VectorType, values: readonly Value[], position: Position): Value {
  const [first] = values as [Value];
  const component = scalarType(type.scalar);
  // A single vector of the same size is converted component by component.
  if (values.length === 1 && first.type.kind === 'vector') {
    if (first.type.size !== type.size)
      return fail(position, `${typeName(type)} cannot be constructed from ${typeName(first.type)}`);
    return isAbstract(type) ? convert(b, first, type, position) : cast(b, first, type.scalar, position);
  }
  const parts = values.flatMap(value => componentsOf(b, value)).map(part => convert(b, part, component, position));
  const all = parts.length === 1 ? Array<Value>(type.size).fill(parts[0]!) : parts;
  if (all.length !== type.size)
    return fail(position, `${typeName(type)} needs ${type.size} components, got ${all.length}`);
  return isLeaf(type) ? makeVector(b, type, all.map(nodeOf)) : partsOf(type, all);
}

function constructMatrix(b: Builder, type: MatrixType, values: readonly Value[], position: Position): Value {
  const [first] = values as [Value];
  if (values.length === 1 && first.type.kind === 'matrix')
    return convert(b, concretize(b, first, position), type, position);
  const scalars = values.flatMap(value => componentsOf(b, value));
  const count = type.columns * type.rows;
  if (scalars.length !== count)
    return fail(position, `${typeName(type)} needs ${count} elements, got ${scalars.length}`);
  const column = columnType(type);
  const columns = Array.from({ length: type.columns }, (_, i) => {
    const parts = scalars
      .slice(i * type.rows, (i + 1) * type.rows)
      .map(part => convert(b, part, scalarType(type.scalar), position));
    return isLeaf(column) ? makeVector(b, column, parts.map(nodeOf)) : partsOf(column, parts);
  });
  return partsOf(type, columns);
}

function constructParts(b: Builder, type: Type, values: readonly Value[], position: Position): Value {
  const types = partTypes(type);
  if (types.length !== values.length)
    return fail(position, `${typeName(type)} needs ${types.length} values, got ${values.length}`);
  return partsOf(
    type,
    values.map((value, i) => convert(b, value, types[i]!, position)),
  );
}
