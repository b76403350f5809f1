import { isSame, type Type, typeName, U32, VOID, vectorType } from '../check/types.ts';
import { fail } from '../errors.ts';
import type { Node } from '../ir/node.ts';
import type { FunctionDeclaration, GlobalDeclaration, Parameter } from '../parse/ast.ts';
import { runBody } from './calls.ts';
import { Context, NeedsMemory } from './context.ts';
import { convert } from './convert.ts';
import { lowerExpression } from './expressions.ts';
import { loop } from './flow.ts';
import { Globals } from './globals.ts';
import { store } from './references.ts';
import { Scope, type Slot } from './scope.ts';
import { resolveType } from './type_expressions.ts';
import { leaf, makeVector, partsOf, type Value, zeroValue } from './values.ts';

export interface KernelRequest {
  readonly declarations: readonly GlobalDeclaration[];
  readonly entryPoint: string;
  readonly constants: Readonly<Record<string, number>>;
  readonly sharedMemory: boolean;
}

export interface LoweredKernel {
  readonly context: Context;
  readonly workgroupSize: readonly [number, number, number];
  readonly workgroupStorageBytes: number;
}

type Triple = readonly [Node, Node, Node];

/** An invocation's place. */
export interface Invocation {
  readonly workgroups: Triple;
  readonly workgroup: Triple;
  readonly local: Triple;
  readonly size: readonly [number, number, number];
}

/** The whole of `run`: a loop over workgroups, around loops over their invocations, around the entry point's body. */
export function lowerKernel(request: KernelRequest): LoweredKernel {
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

function lowerOnce(request: KernelRequest, inMemory: ReadonlySet<NeedsMemory['declaration']>): LoweredKernel {
  const globals = new Globals(request.declarations, request.constants);
  const context = new Context(globals, inMemory, request.sharedMemory);
  globals.attach(context);
  globals.checkAsserts();
  const entry = globals.entryPoint(request.entryPoint);
  const size = workgroupSize(globals, entry);
  const { b } = context;
  const args = b.param(0);
  const workgroups = [0, 4, 8].map(offset => b.op('i32.load', args, [offset])) as unknown as Triple;
  const [first, count] = [b.param(1), b.param(2)];
  countTo(context, first, b.add(first, count), index => {
    const row = b.op('i32.div_u', index, workgroups[0]);
    const workgroup = [
      b.op('i32.rem_u', index, workgroups[0]),
      b.op('i32.rem_u', row, workgroups[1]),
      b.op('i32.div_u', row, workgroups[1]),
    ] as const;
    eachInvocation(context, size, local => {
      runInvocation(context, entry, { workgroups, workgroup, local, size });
    });
  });
  const workgroupStorageBytes = globals.workgroupVariables.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return { context, workgroupSize: size, workgroupStorageBytes };
}

function workgroupSize(globals: Globals, entry: FunctionDeclaration): [number, number, number] {
  const attribute = entry.attributes.find(({ name }) => name === 'workgroup_size');
  if (!attribute) return fail(entry.position, `'${entry.name}' needs @workgroup_size`);
  return [0, 1, 2].map(i => {
    const expression = attribute.args[i];
    if (!expression) return 1;
    const size = globals.numberOf([{ ...attribute, args: [expression] }], 'workgroup_size')!;
    return size >= 1 ? size : fail(expression.position, `a workgroup's size is above 0, got ${size}`);
  }) as [number, number, number];
}

/** `for (index = first; index < end; index++)` */
export function countTo(context: Context, first: Node, end: Node, body: (index: Node) => void): void {
  const { b } = context;
  const slot: Slot = { name: 'index', kind: 'i32', type: U32 };
  context.write(slot, first);
  loop(context, {
    slots: [slot],
    condition: () => b.op('i32.lt_u', context.read(slot), end),
    body: () => {
      const index = context.read(slot);
      body(index);
      context.write(slot, b.add(index, 1));
    },
  });
  context.env?.delete(slot);
}

export function eachInvocation(
  context: Context,
  [width, height, depth]: readonly [number, number, number],
  body: (local: Triple) => void,
): void {
  const { b } = context;
  const along = (extent: number, inner: (index: Node) => void) =>
    extent === 1 ? inner(b.i32(0)) : countTo(context, b.i32(0), b.i32(extent), inner);
  along(depth, z => along(height, y => along(width, x => body([x, y, z]))));
}

function runInvocation(context: Context, entry: FunctionDeclaration, invocation: Invocation): void {
  const outer = new Map(context.env);
  initializePrivate(context);
  context.inScope(() => {
    for (const parameter of entry.parameters)
      context.declare(
        parameter.name,
        { kind: 'value', value: builtinInput(context, parameter, invocation) },
        parameter.position,
      );
    if (entry.returnType) fail(entry.position, 'a compute entry point returns nothing');
    runBody(context, entry, VOID);
  }, new Scope(context.globals));
  // Nothing of an invocation is left to the next.
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

/** A parameter of the entry point: a builtin, or a struct of them. */
function builtinInput(context: Context, parameter: Parameter, invocation: Invocation): Value {
  const type = resolveType(context, parameter.type);
  const attribute = parameter.attributes.find(({ name }) => name === 'builtin');
  const [name] = attribute?.args ?? [];
  if (type.kind === 'struct') {
    const declaration = context.globals.structDeclaration(type.name);
    const parts = declaration.members.map(member => builtinInput(context, member, invocation));
    return partsOf(type, parts);
  }
  if (name?.kind !== 'name') return fail(parameter.position, `'${parameter.name}' needs @builtin`);
  const value = builtinValue(context, name.name, invocation);
  if (!value) return fail(name.position, `the builtin '${name.name}' is not supported`);
  const wanted: Type = value.type;
  if (!isSame(wanted, type)) fail(parameter.position, `${name.name} is ${typeName(wanted)}, got ${typeName(type)}`);
  return value;
}

function builtinValue(context: Context, name: string, invocation: Invocation): Value | undefined {
  const { b } = context;
  const { workgroups, workgroup, local, size } = invocation;
  const vector = (nodes: Triple) => makeVector(b, vectorType(3, 'u32'), nodes);
  const [x, y, z] = local;
  switch (name) {
    case 'workgroup_id':
      return vector(workgroup);
    case 'num_workgroups':
      return vector(workgroups);
    case 'local_invocation_id':
      return vector(local);
    case 'local_invocation_index':
      return leaf(U32, b.add(b.add(x, b.mul(y, size[0])), b.mul(z, size[0] * size[1])));
    case 'global_invocation_id':
      return vector(local.map((node, i) => b.add(node, b.mul(workgroup[i]!, size[i]!))) as unknown as Triple);
    default:
      return undefined;
  }
}
