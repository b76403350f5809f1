import { fail, NOWHERE } from '../../interface/compile_error.ts';
import type { KernelBinding } from '../../interface/compiled_kernel.ts';
import { layOut, sizeOf } from '../check/layout.ts';
import { type StructType, type Type, typeName } from '../check/types.ts';
import type {
  Attribute,
  Declaration,
  FunctionDeclaration,
  GlobalDeclaration,
  StructDeclaration,
} from '../parse/ast.ts';
import { lowerConstant, lowerInitializer } from './expressions.ts';
import type { Context } from './state/context.ts';
import type { Binding, ModuleScope, PrivateVariable, Scope, WorkgroupVariable } from './state/scope.ts';
import { lowerAssert, variableReference } from './statements.ts';
import { resolveType } from './type_expressions.ts';
import { cast, convert } from './values/convert.ts';
import type { MemoryReference, Reference } from './values/reference.ts';
import { abstractNumber, isConstant, leaf, nodeOf, type Value } from './values/values.ts';

/** Resolves each module-scope name on first use, because WGSL allows declarations in any order. */
export class Globals implements ModuleScope {
  readonly bindings: KernelBinding[] = [];
  readonly workgroupVariables: WorkgroupVariable[] = [];
  readonly privateVariables: PrivateVariable[] = [];
  private readonly declarations = new Map<string, GlobalDeclaration & { name: string }>();
  private readonly resolved = new Map<string, Binding>();
  private readonly resolving = new Set<string>();
  private readonly asserts: GlobalDeclaration[];
  private context!: Context;

  constructor(
    declarations: readonly GlobalDeclaration[],
    private readonly constants: Readonly<Record<string, number>>,
  ) {
    this.asserts = declarations.filter(one => one.kind === 'const-assert');
    for (const declaration of declarations) {
      if (declaration.kind === 'const-assert') continue;
      if (this.declarations.has(declaration.name))
        fail(declaration.position, `'${declaration.name}' is declared twice`);
      this.declarations.set(declaration.name, declaration);
    }
    const overrides = [...this.declarations.values()].filter(isOverride);
    for (const key of Object.keys(constants))
      if (!overrides.some(one => one.name === key || overrideId(one) === key))
        fail(NOWHERE, `unknown override "${key}". Known: ${overrides.map(one => one.name).join(', ') || 'none'}`);
  }

  attach(context: Context): void {
    this.context = context;
  }

  entryPoint(name: string): FunctionDeclaration {
    const found = this.declarations.get(name);
    if (found?.kind !== 'function' || !found.attributes.some(attribute => attribute.name === 'compute'))
      return fail(found?.position ?? NOWHERE, `the shader has no compute entry point '${name}'`);
    return found;
  }

  structDeclaration(name: string): StructDeclaration {
    const found = this.declarations.get(name);
    if (found?.kind !== 'struct') throw new Error(`no struct ${name}`);
    return found;
  }

  checkAsserts(): void {
    for (const one of this.asserts)
      if (one.kind === 'const-assert') this.inGlobalScope(() => lowerAssert(this.context, one.condition));
  }

  privateReferences(): Reference[] {
    return this.privateVariables.map(({ reference, declaration }) => {
      // In a kernel with barriers, the name may refer to slots of the current part.
      const binding = this.resolved.get(declaration.name);
      return binding?.kind === 'variable' ? binding.reference : reference;
    });
  }

  resolvePrivateVariables(): void {
    for (const declaration of this.declarations.values())
      if (declaration.kind === 'declaration' && declaration.space === 'private') this.find(declaration.name);
  }

  rebind(name: string, binding: Binding): void {
    this.resolved.set(name, binding);
  }

  find(name: string): Binding | undefined {
    const known = this.resolved.get(name);
    if (known) return known;
    const declaration = this.declarations.get(name);
    if (!declaration) return undefined;
    if (this.resolving.has(name)) fail(declaration.position, `'${name}' depends on itself`);
    this.resolving.add(name);
    const binding = this.inGlobalScope(() => this.bind(declaration));
    this.resolving.delete(name);
    this.resolved.set(name, binding);
    return binding;
  }

  private inGlobalScope<Result>(body: () => Result): Result {
    return this.context.inScope(body, this as unknown as Scope);
  }

  private bind(declaration: GlobalDeclaration & { name: string }): Binding {
    const { context } = this;
    switch (declaration.kind) {
      case 'function':
        return { kind: 'function', declaration };
      case 'alias':
        return { kind: 'type', type: resolveType(context, declaration.type) };
      case 'struct':
        return { kind: 'type', type: this.structType(declaration) };
      case 'declaration':
        if (declaration.keyword === 'var') return { kind: 'variable', reference: this.variable(declaration) };
        return {
          kind: 'value',
          value: this.constant(declaration),
          stage: declaration.keyword === 'override' ? 'override' : 'const',
        };
      case 'const-assert':
        throw new Error('an assertion has no name');
    }
  }

  private structType({ name, members }: StructDeclaration): StructType {
    const { context } = this;
    const layout = members.map(member => ({
      name: member.name,
      type: resolveType(context, member.type),
      align: this.numberOf(member.attributes, 'align'),
      size: this.numberOf(member.attributes, 'size'),
    }));
    return { kind: 'struct', name, ...layOut(layout) };
  }

  /** Returns the value of the attribute `@name(value)`, or undefined if it is absent. */
  numberOf(attributes: readonly Attribute[], name: string): number | undefined {
    const [expression] = attributes.find(attribute => attribute.name === name)?.args ?? [];
    if (!expression) return undefined;
    const value = lowerConstant(this.context, expression, `@${name}`, { latest: 'override' });
    return value.kind === 'abstract' ? value.number : nodeOf(value).imm[0]!;
  }

  private constant(declaration: Declaration): Value {
    const { context } = this;
    const { keyword, name, init } = declaration;
    const type = declaration.type && resolveType(context, declaration.type);
    if (keyword === 'override') return this.override(declaration, type);
    const value = lowerConstant(context, init!, `'${name}'`);
    return type ? convert(context.b, value, type, init!.position) : value;
  }

  private override(declaration: Declaration, type: Type | undefined): Value {
    const { context } = this;
    const { name, init, position } = declaration;
    const given = this.constants[overrideId(declaration) ?? name] ?? this.constants[name];
    const initial = init && lowerInitializer(context, init, type);
    if (given === undefined) {
      if (!initial) return fail(position, `the override '${name}' needs a value`);
      return isConstant(initial) ? initial : fail(position, `'${name}' must be known before the kernel runs`);
    }
    const wanted = type ?? initial?.type ?? fail(position, `the override '${name}' needs a type or a value`);
    if (wanted.kind !== 'scalar') return fail(position, `an override must be a scalar, got ${typeName(wanted)}`);
    if (wanted.scalar === 'bool') return leaf(wanted, context.b.i32(Number(given !== 0)));
    if (wanted.scalar !== 'f32' && !Number.isInteger(given))
      fail(position, `the override '${name}' must be ${wanted.scalar}, got ${given}`);
    return cast(context.b, abstractNumber('abstract-float', given), wanted.scalar, position);
  }

  private variable(declaration: Declaration): Reference {
    const { context } = this;
    const { name, space, position } = declaration;
    const written = declaration.type && resolveType(context, declaration.type);
    if (space === 'private') {
      const type = written ?? lowerInitializer(context, declaration.init!, undefined).type;
      const reference = variableReference(context, declaration, type, 'private');
      this.privateVariables.push({ reference, declaration, type });
      return reference;
    }
    const type = written ?? fail(position, `'${name}' needs a type`);
    if (space === 'workgroup') {
      const sizeBytes = sizeOf(type);
      const offset = context.scratch.take(sizeBytes);
      this.workgroupVariables.push({ offset, sizeBytes });
      return { kind: 'memory', type, space, address: context.scratchAddress, offset, isReadOnly: false };
    }
    if (space === 'storage' || space === 'uniform') return this.buffer(declaration, type, space);
    return fail(position, `a variable in the address space '${space ?? 'handle'}' is not supported`);
  }

  private buffer(declaration: Declaration, type: Type, space: 'storage' | 'uniform'): MemoryReference {
    const { b } = this.context;
    const { name, access, attributes, position } = declaration;
    const group = this.numberOf(attributes, 'group');
    const binding = this.numberOf(attributes, 'binding');
    if (group === undefined || binding === undefined) return fail(position, `'${name}' needs @group and @binding`);
    const isReadOnly = space === 'uniform' || access !== 'read_write';
    if (access === 'write') fail(position, `'${name}': a storage buffer must be read or read_write, got write`);
    const at = 16 + 8 * this.bindings.length;
    this.bindings.push({
      group,
      binding,
      name,
      type: space === 'uniform' ? 'uniform' : isReadOnly ? 'read-only-storage' : 'storage',
      minBindingSize: sizeOf(type),
    });
    const args = b.param(0);
    const [address, length] = [b.op('i32.load', args, [at]), b.op('i32.load', args, [at + 4])];
    return { kind: 'memory', type, space, address, offset: 0, isReadOnly, length };
  }
}

function isOverride(declaration: GlobalDeclaration & { name: string }): declaration is Declaration {
  return declaration.kind === 'declaration' && declaration.keyword === 'override';
}

function overrideId({ attributes }: Declaration): string | undefined {
  const [expression] = attributes.find(attribute => attribute.name === 'id')?.args ?? [];
  return expression?.kind === 'literal' ? String(expression.value) : undefined;
}
