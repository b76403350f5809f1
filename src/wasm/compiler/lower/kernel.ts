import { fail } from '../../interface/compile_error.ts';
import type { KernelBinding } from '../../interface/compiled_kernel.ts';
import { isSame, type Type, typeName, U32, VOID, vectorType } from '../check/types.ts';
import type { FunctionDeclaration, GlobalDeclaration, Parameter } from '../parse/ast.ts';
import { containsBarrier } from './analysis/barriers.ts';
import { runBody } from './calls.ts';
import { checkFunctions } from './check_functions.ts';
import { lowerExpression } from './expressions.ts';
import { Fission } from './fission.ts';
import { Globals } from './globals.ts';
import { countTo, type Invocation, InvocationLoops, type Triple } from './invocations.ts';
import { Context, NeedsMemory } from './state/context.ts';
import { store } from './state/references.ts';
import { Scope, type WorkgroupVariable } from './state/scope.ts';
import { resolveType } from './type_expressions.ts';
import { convert } from './values/convert.ts';
import { leaf, makeVector, partsOf, type Value, zeroValue } from './values/values.ts';

export interface KernelRequest {
  readonly declarations: readonly GlobalDeclaration[];
  readonly entryPoint: string;
  readonly constants: Readonly<Record<string, number>>;
  readonly sharedMemory: boolean;
}

export interface LoweredKernel {
  readonly context: Context;
  /** The bindings that the kernel uses. */
  readonly bindings: readonly KernelBinding[];
  readonly workgroupSize: readonly [number, number, number];
  readonly workgroupStorageBytes: number;
}

/** A workgroup. `id` is its id, `count` the number of workgroups, and `size` the number of its invocations per axis. */
interface Workgroup {
  readonly id: Triple;
  readonly count: Triple;
  readonly size: readonly [number, number, number];
}

/**
 * Lowers a kernel to the function `run`. It loops over workgroups, and within each workgroup over its invocations. The
 * entry point's body is inside these loops. When a variable turns out to need memory, lowering starts again.
 */
export function lowerKernel(request: KernelRequest): LoweredKernel {
  check(request);
  const inMemory = new Set<NeedsMemory['declaration']>();
  for (;;) {
    try {
      return lowerOnce(request, inMemory);
    } catch (error) {
      if (!(error instanceof NeedsMemory)) throw error;
      inMemory.add(error.declaration);
    }
  }
}

function check({ declarations, constants, entryPoint }: KernelRequest): void {
  const globals = new Globals(declarations, constants);
  const context = new Context(globals, new Set(), false);
  context.isChecking = true;
  globals.attach(context);
  globals.checkAsserts();
  const entry = globals.entryPoint(entryPoint);
  initializePrivate(context);
  checkFunctions(context, entry);
}

function lowerOnce(request: KernelRequest, inMemory: ReadonlySet<NeedsMemory['declaration']>): LoweredKernel {
  const globals = new Globals(request.declarations, request.constants);
  const context = new Context(globals, inMemory, request.sharedMemory);
  globals.attach(context);
  const entry = globals.entryPoint(request.entryPoint);
  const size = workgroupSize(globals, entry);
  const { b } = context;
  const args = b.param(0);
  const workgroups = [0, 4, 8].map(offset => b.op('i32.load', args, [offset])) as unknown as Triple;
  const [first, count] = [b.param(1), b.param(2)];
  countTo(context, { first, end: b.add(first, count) }, index => {
    const row = b.op('i32.div_u', index, workgroups[0]);
    const id = [
      b.op('i32.rem_u', index, workgroups[0]),
      b.op('i32.rem_u', row, workgroups[1]),
      b.op('i32.div_u', row, workgroups[1]),
    ] as const;
    runWorkgroup(context, entry, { id, count: workgroups, size });
  });
  const workgroupStorageBytes = globals.workgroupVariables.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return { context, bindings: globals.bindings, workgroupSize: size, workgroupStorageBytes };
}

function runWorkgroup(context: Context, entry: FunctionDeclaration, workgroup: Workgroup): void {
  const { b } = context;
  const zeroing = b.newBlock();
  b.append(zeroing);
  const loops = new InvocationLoops(context, workgroup.size);
  if (containsBarrier(context, entry.body)) {
    const inputs = (invocation: Invocation) =>
      new Map(
        entry.parameters.map(parameter => [parameter.name, builtinInput(context, parameter, workgroup, invocation)]),
      );
    new Fission(context, loops).run(entry, inputs);
  } else loops.each([], invocation => runInvocation(context, entry, workgroup, invocation));
  // Code that sets the workgroup variables to zero runs before the body, but is lowered after it: only then are all
  // workgroup variables known.
  b.inside(zeroing.body, () => {
    for (const variable of context.globals.workgroupVariables) zeroMemory(context, variable);
  });
}

function zeroMemory({ b, scratchAddress }: Context, { offset, sizeBytes }: WorkgroupVariable): void {
  const bytes = Math.ceil(sizeBytes / 16) * 16;
  const zero = b.i32x4(0);
  if (bytes <= 128) {
    for (let at = 0; at < bytes; at += 16) b.store('v128.store', scratchAddress, zero, [offset + at]);
    return;
  }
  const exit = b.newBlock();
  b.append(exit);
  b.inside(exit.body, () => {
    const loop = b.newLoop();
    const at = b.phi('i32', loop.body);
    b.copy([[at, scratchAddress]]);
    b.append(loop);
    b.inside(loop.body, () => {
      b.store('v128.store', at, zero, [offset]);
      const next = b.add(at, 16);
      const again = b.newIf(b.op('i32.lt_u', next, b.add(scratchAddress, bytes)));
      b.append(again);
      b.inside(again.whenFalse, () => b.jump(exit));
      b.copy([[at, next]]);
      b.jump(loop);
    });
  });
}

function workgroupSize(globals: Globals, entry: FunctionDeclaration): [number, number, number] {
  const attribute = entry.attributes.find(({ name }) => name === 'workgroup_size');
  if (!attribute) return fail(entry.position, `'${entry.name}' needs @workgroup_size`);
  return [0, 1, 2].map(i => {
    const expression = attribute.args[i];
    if (!expression) return 1;
    const size = globals.numberOf([{ ...attribute, args: [expression] }], 'workgroup_size')!;
    return size >= 1 ? size : fail(expression.position, `a workgroup size must be above 0, got ${size}`);
  }) as [number, number, number];
}

function runInvocation(
  context: Context,
  entry: FunctionDeclaration,
  workgroup: Workgroup,
  invocation: Invocation,
): void {
  const outer = new Map(context.env);
  initializePrivate(context);
  context.inScope(() => {
    for (const parameter of entry.parameters)
      context.declare(
        parameter.name,
        { kind: 'value', value: builtinInput(context, parameter, workgroup, invocation) },
        parameter.position,
      );
    if (entry.returnType) fail(entry.position, 'a compute entry point must not have a return type');
    runBody(context, entry, VOID);
  }, new Scope(context.globals));
  // Discard the invocation's own variables, because the next invocation has its own. Keep assignments to outer
  // variables.
  const rest = context.env;
  context.env = outer;
  if (rest) for (const slot of outer.keys()) if (rest.has(slot)) outer.set(slot, rest.get(slot)!);
}

function initializePrivate(context: Context): void {
  const { globals, b } = context;
  globals.resolvePrivateVariables();
  for (const { reference, declaration, type } of globals.privateVariables) {
    const { init, position } = declaration;
    const value = init ? convert(b, lowerExpression(context, init), type, position) : zeroValue(b, type, position);
    store(context, reference, value);
  }
}

/** Returns the value of an entry point's parameter, which is a builtin or a struct of builtins. */
function builtinInput(context: Context, parameter: Parameter, workgroup: Workgroup, invocation: Invocation): Value {
  const type = resolveType(context, parameter.type);
  const attribute = parameter.attributes.find(({ name }) => name === 'builtin');
  const [name] = attribute?.args ?? [];
  if (type.kind === 'struct') {
    const declaration = context.globals.structDeclaration(type.name);
    const parts = declaration.members.map(member => builtinInput(context, member, workgroup, invocation));
    return partsOf(type, parts);
  }
  if (name?.kind !== 'name') return fail(parameter.position, `'${parameter.name}' needs @builtin`);
  const value = builtinValue(context, name.name, workgroup, invocation);
  if (!value) return fail(name.position, `the builtin '${name.name}' is not supported`);
  const wanted: Type = value.type;
  if (!isSame(wanted, type))
    fail(parameter.position, `the builtin '${name.name}' must be ${typeName(wanted)}, got ${typeName(type)}`);
  return value;
}

function builtinValue(
  { b }: Context,
  name: string,
  { id, count, size }: Workgroup,
  { local, index }: Invocation,
): Value | undefined {
  const vector = (nodes: Triple) => makeVector(b, vectorType(3, 'u32'), nodes);
  switch (name) {
    case 'workgroup_id':
      return vector(id);
    case 'num_workgroups':
      return vector(count);
    case 'local_invocation_id':
      return vector(local);
    case 'local_invocation_index':
      return leaf(U32, index);
    case 'global_invocation_id':
      return vector(local.map((node, i) => b.add(node, b.mul(id[i]!, size[i]!))) as unknown as Triple);
    default:
      return undefined;
  }
}
