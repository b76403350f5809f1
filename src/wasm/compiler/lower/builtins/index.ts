import { fail } from '../../../interface/compile_error.ts';
import type { Call } from '../../parse/ast.ts';
import { isBarrier } from '../analysis/barriers.ts';
import { isKnownEarly } from '../analysis/stage.ts';
import type { Context } from '../state/context.ts';
import { load } from '../state/references.ts';
import { checkArguments } from '../values/constant_rules.ts';
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

/** @throws CompileError  there is no such builtin function, or it is a barrier where none is supported */
export function checkBuiltin(context: Context, { callee: { name }, position }: Call): void {
  if (!isBarrier(name) && !builtins.has(name)) fail(position, `unresolved function '${name}'`);
  if (isBarrier(name) && !context.isChecking)
    fail(position, `'${name}' is not supported in non-uniform control flow or in this expression`);
}

/** Lowers a call of a WGSL builtin function that `checkBuiltin` accepts. */
export function callBuiltin(context: Context, call: Call, args: readonly Value[]): Value | undefined {
  const { callee, position } = call;
  const builtin = builtins.get(callee.name);
  if (!builtin) return waited(context, callee.name, args);
  const early = args.map((arg, i) => (isKnownEarly(context, call.args[i]!) ? arg : undefined));
  checkArguments(callee.name, early, position);
  return builtin({ context, b: context.b, name: callee.name, args, position });
}

/** Returns a barrier's value for type checking; only `workgroupUniformLoad` has one. */
function waited(context: Context, name: string, [pointer]: readonly Value[]): Value | undefined {
  if (name !== 'workgroupUniformLoad' || pointer?.kind !== 'pointer') return undefined;
  return load(context, pointer.reference);
}
