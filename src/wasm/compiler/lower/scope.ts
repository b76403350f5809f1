import type { Type } from '../check/types.ts';
import type { Kind } from '../emit/opcodes.ts';
import type { FunctionDeclaration } from '../parse/ast.ts';
import type { Reference } from './references.ts';
import type { Value } from './values.ts';

/** A scalar or a vector of a variable that lives in values: its node changes as the program is read. */
export interface Slot {
  readonly name: string;
  readonly kind: Kind;
  readonly type: Type;
}

export type Binding =
  /** `stage` of constants, by how they are declared; none of what is known only as the kernel runs. */
  | { readonly kind: 'value'; readonly value: Value; readonly stage?: 'const' | 'override' }
  /** A `let` that every part between barriers works out anew; `pointer` does so too, where it is one. */
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
