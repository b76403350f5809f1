import { fail } from '../../../interface/compile_error.ts';
import { BOOL, isAbstract, scalarOf, type Type, typeName, U32 } from '../../check/types.ts';
import { runtimeLength } from '../state/references.ts';
import { commonScalar, concretize, convert } from '../values/convert.ts';
import { leaf, nodeOf, selectValue, type Value } from '../values/values.ts';
import { type Builtin, type BuiltinCall, concrete, expectCount } from './arguments.ts';

/** Lowers `all` or `any`. Lanes beyond the vector's size are ignored. */
function reduceBools(name: 'all' | 'any'): Builtin {
  return call => {
    expectCount(call, 1);
    const { b } = call;
    const value = concrete(call, 0);
    if (scalarOf(value.type) !== 'bool')
      return fail(call.position, `'${name}' is not defined for ${typeName(value.type)}`);
    if (value.type.kind !== 'vector') return value;
    const { size } = value.type;
    const used = b.i32x4(...[0, 1, 2, 3].map(lane => (lane < size ? -1 : 0)));
    const unused = b.i32x4(...[0, 1, 2, 3].map(lane => (lane < size ? 0 : -1)));
    const node = nodeOf(value);
    if (name === 'any') return leaf(BOOL, b.op('v128.any_true', size < 4 ? b.op('v128.and', node, used) : node));
    return leaf(BOOL, b.op('i32x4.all_true', size < 4 ? b.op('v128.or', node, unused) : node));
  };
}

function select(call: BuiltinCall): Value {
  expectCount(call, 3);
  const { b, args, position } = call;
  const [first, second, condition] = args as [Value, Value, Value];
  const type = commonType(call, first, second);
  const [x, y] = [first, second].map(value => convert(b, value, type, position)) as [Value, Value];
  if (typeName(condition.type) === 'bool') {
    const chosen = nodeOf(condition);
    if (chosen.op === 'const') return chosen.imm[0] !== 0 ? y : x;
    const [whenFalse, whenTrue] = [x, y].map(value => concretize(b, value, position)) as [Value, Value];
    return selectValue(b, whenFalse, whenTrue, chosen);
  }
  const isLanewise =
    condition.type.kind === 'vector' &&
    condition.type.scalar === 'bool' &&
    type.kind === 'vector' &&
    type.size === condition.type.size;
  if (!isLanewise)
    return fail(
      position,
      `the condition of 'select' must be bool or a matching vector of bools, got ${typeName(condition.type)}`,
    );
  const [whenFalse, whenTrue] = [x, y].map(value => concretize(b, value, position)) as [Value, Value];
  return leaf(whenFalse.type, b.selectVector(nodeOf(whenFalse), nodeOf(whenTrue), nodeOf(condition)));
}

function commonType({ position }: BuiltinCall, x: Value, y: Value): Type {
  if (!isAbstract(x.type)) return x.type;
  if (!isAbstract(y.type)) return y.type;
  if (x.type.kind === 'scalar' || x.type.kind === 'vector')
    return { ...x.type, scalar: commonScalar(x.type, y.type, position) };
  return x.type;
}

function arrayLength(call: BuiltinCall): Value {
  expectCount(call, 1);
  const [pointer] = call.args;
  if (pointer?.kind !== 'pointer' || pointer.reference.kind !== 'memory' || pointer.reference.type.kind !== 'array')
    return fail(call.position, "'arrayLength' needs a pointer to an array");
  const { reference } = pointer;
  const { count } = pointer.reference.type;
  return leaf(U32, count === undefined ? runtimeLength(call.context, reference as never) : call.b.i32(count));
}

export const logicalBuiltins: Readonly<Record<string, Builtin>> = {
  all: reduceBools('all'),
  any: reduceBools('any'),
  select,
  arrayLength,
};
