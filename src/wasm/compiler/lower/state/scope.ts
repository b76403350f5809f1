import type { Type } from '../../check/types.ts';
import type { Declaration, FunctionDeclaration, StructDeclaration } from '../../parse/ast.ts';
import type { Reference } from '../values/reference.ts';
import type { Value } from '../values/values.ts';

export type Binding =
  /** `stage` depends on how a constant is declared; it is absent for values known only at run time. */
  | { readonly kind: 'value'; readonly value: Value; readonly stage?: 'const' | 'override' }
  /** A value in a kernel with barriers that is computed at each use; `pointer` is set if it is a pointer. */
  | { readonly kind: 'lazy'; readonly value: () => Value; readonly pointer?: () => Value }
  | { readonly kind: 'variable'; readonly reference: Reference }
  | { readonly kind: 'type'; readonly type: Type }
  | { readonly kind: 'function'; readonly declaration: FunctionDeclaration };

export class Scope {
  private readonly bindings = new Map<string, Binding>();

  constructor(readonly parent?: { find(name: string): Binding | undefined }) {}

  find(name: string): Binding | undefined {
    return this.bindings.get(name) ?? this.parent?.find(name);
  }

  has(name: string): boolean {
    return this.bindings.has(name);
  }

  set(name: string, binding: Binding): void {
    this.bindings.set(name, binding);
  }
}

export interface PrivateVariable {
  readonly reference: Reference;
  readonly declaration: Declaration;
  readonly type: Type;
}

export interface WorkgroupVariable {
  readonly offset: number;
  readonly sizeBytes: number;
}

/** The module-scope names, as the lowering of functions sees them. */
export interface ModuleScope {
  readonly privateVariables: readonly PrivateVariable[];
  readonly workgroupVariables: readonly WorkgroupVariable[];
  find(name: string): Binding | undefined;
  /** Replaces the binding of a name. */
  rebind(name: string, binding: Binding): void;
  structDeclaration(name: string): StructDeclaration;
  /** Resolves all private variables of the module, because they are initialised before the first statement. */
  resolvePrivateVariables(): void;
  /** Returns what the names of the resolved private variables refer to now. */
  privateReferences(): Reference[];
}
