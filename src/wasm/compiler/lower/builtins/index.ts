import { fail } from '../../../interface/compile_error.ts';
import type { Call } from '../../parse/ast.ts';
import { isBarrier } from '../analysis/barriers.ts';
import { checkArguments } from '../values/constant_rules.ts';
import type { Context } from '../state/context.ts';
import { lowerExpression } from '../expressions.ts';
import { load } from '../state/references.ts';
import { isKnownEarly } from '../analysis/stage.ts';
import type { Value } from '../values/values.ts';
import type { Builtin } from './arguments.ts';
import { atomicBuiltins } from './atomics.ts';
import { integerBuiltins } from './integer.ts';
import { logicalBuiltins } from './logical.ts';
import { numericBuiltins } from './numeric.ts';
import { packingBuiltins } from './packing.ts';
import { partsOfFloatsBuiltins } from './parts_of_floats.ts';
import { transcendentalBuiltins } from './transcendental.ts';

const builtins = new Map<string, Builtin>(
  [
    logicalBuiltins,
    numericBuiltins,
    partsOfFloatsBuiltins,
    transcendentalBuiltins,
    integerBuiltins,
    packingBuiltins,
    atomicBuiltins,
  ].flatMap(table => Object.entries(table)),
);

/** Lowers a call of a WGSL builtin function. */
export function lowerBuiltin(context: Context, call: Call): Value | undefined {
  const { callee, position } = call;
  if (isBarrier(callee.name) && context.isChecking) return waited(context, call);
  if (isBarrier(callee.name))
    fail(position, `'${callee.name}' is not supported in non-uniform control flow or in this expression`);
  const builtin = builtins.get(callee.name) ?? fail(position, `unresolved function '${callee.name}'`);
  const args = call.args.map(arg => lowerExpression(context, arg));
  const early = args.map((arg, i) => (isKnownEarly(context, call.args[i]!) ? arg : undefined));
  checkArguments(callee.name, early, position);
  return builtin({ context, b: context.b, name: callee.name, args, call, position });
}

/** Returns a barrier's value for type checking; only `workgroupUniformLoad` has one. */
function waited(context: Context, { callee, args }: Call): Value | undefined {
  const [pointer] = args.map(arg => lowerExpression(context, arg));
  if (callee.name !== 'workgroupUniformLoad' || pointer?.kind !== 'pointer') return undefined;
  return load(context, pointer.reference);
}
