import type { Type } from '../../check/types.ts';
import type { Kind } from '../../ir/opcodes.ts';
import type { FunctionDeclaration } from '../../parse/ast.ts';
import type { Reference } from './references.ts';
import type { Value } from '../values/values.ts';

/** A scalar or vector part of a variable held in nodes. `Context.env` maps the slot to its current node. */
export interface Slot {
  readonly name: string;
  readonly kind: Kind;
  readonly type: Type;
}

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
