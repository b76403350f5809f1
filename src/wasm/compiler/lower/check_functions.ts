import { type Type, VOID } from '../check/types.ts';
import type { Expression, FunctionDeclaration, Parameter, Statement } from '../parse/ast.ts';
import { runWithLabel } from './calls.ts';
import type { Context } from './state/context.ts';
import { type ModuleScope, Scope } from './state/scope.ts';
import { resolveType } from './type_expressions.ts';
import { type Value, zeroValue } from './values/values.ts';

/**
 * Checks the types of an entry point and of all functions that it calls, including unreachable code: arms that
 * constants rule out, and statements after a jump.
 *
 * Lowers each function once and discards the result. A call evaluates to zero, and both arms of every `if` are lowered.
 *
 * `context` must be in checking mode and contain the values of private variables.
 *
 * @throws CompileError  at the first statement that is not valid WGSL
 */
export function checkFunctions(context: Context, entry: FunctionDeclaration): void {
  const { globals } = context;
  const start = context.env!;
  for (const declaration of reachableFrom(globals, entry)) {
    context.env = new Map(start);
    context.inScope(() => {
      for (const parameter of declaration.parameters)
        context.declare(
          parameter.name,
          { kind: 'value', value: stranger(context, resolveType(context, parameter.type), parameter) },
          parameter.position,
        );
      const returnType = declaration.returnType ? resolveType(context, declaration.returnType) : VOID;
      runWithLabel(context, declaration, returnType);
    }, new Scope(globals));
  }
}

/** Returns a placeholder of the given type for a parameter's value. */
function stranger(context: Context, type: Type, { position }: Pick<Parameter, 'position'>): Value {
  if (type.kind !== 'pointer') return zeroValue(context.b, type, position);
  const { target, space } = type;
  const address = context.scratchAddress;
  const reference = {
    kind: 'memory',
    type: target,
    space,
    address,
    offset: 0,
    isReadOnly: false,
    length: address,
  } as const;
  return { kind: 'pointer', type, reference };
}

/** Returns the entry point and the functions that it calls, directly or indirectly. */
function reachableFrom(globals: ModuleScope, entry: FunctionDeclaration): ReadonlySet<FunctionDeclaration> {
  const found = new Set<FunctionDeclaration>();
  const visit = (declaration: FunctionDeclaration): void => {
    if (found.has(declaration)) return;
    found.add(declaration);
    search(declaration.body);
  };
  const search = (node: Statement | Expression | object): void => {
    if ('kind' in node && node.kind === 'call') {
      const binding = globals.find((node as Expression & { kind: 'call' }).callee.name);
      if (binding?.kind === 'function') visit(binding.declaration);
    }
    for (const child of Object.values(node))
      if (Array.isArray(child)) child.forEach(search);
      else if (typeof child === 'object' && child !== null) search(child);
  };
  visit(entry);
  return found;
}
