import { fail } from '../../errors.ts';
import type { Call } from '../../parse/ast.ts';
import { isBarrier } from '../barriers.ts';
import { checkArguments } from '../constant_rules.ts';
import type { Context } from '../context.ts';
import { lowerExpression } from '../expressions.ts';
import { load } from '../references.ts';
import { isKnownEarly } from '../stage.ts';
import type { Value } from '../values.ts';
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

/** A call of one of WGSL's own functions. */
export function lowerBuiltin(context: Context, call: Call): Value | undefined {
  const { callee, position } = call;
  if (isBarrier(callee.name) && context.isChecking) return waited(context, call);
  if (isBarrier(callee.name))
    fail(position, `'${callee.name}' stands where not all invocations come, or in an expression`);
  const builtin = builtins.get(callee.name) ?? fail(position, `unresolved function '${callee.name}'`);
  const args = call.args.map(arg => lowerExpression(context, arg));
  const early = args.map((arg, i) => (isKnownEarly(context, call.args[i]!) ? arg : undefined));
  checkArguments(callee.name, early, position);
  return builtin({ context, b: context.b, name: callee.name, args, call, position });
}

/** A barrier by its type: only `workgroupUniformLoad` gives a value. */
function waited(context: Context, { callee, args }: Call): Value | undefined {
  const [pointer] = args.map(arg => lowerExpression(context, arg));
  if (callee.name !== 'workgroupUniformLoad' || pointer?.kind !== 'pointer') return undefined;
  return load(context, pointer.reference);
}
