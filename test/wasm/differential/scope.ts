import { isSame, type Type } from './types.ts';

export interface Variable {
  /** The expression for the variable: a name, or `(*p)` if it is reached through a pointer. */
  readonly code: string;
  readonly type: Type;
  readonly isWritable: boolean;
  /** Whether the variable is a const-expression, and its value. */
  readonly isConst?: boolean;
  readonly known?: number;
  /** The address space of a variable to which a pointer may be passed. */
  readonly space?: 'function' | 'private';
}

export interface FunctionSignature {
  readonly name: string;
  readonly parameters: readonly { readonly type: Type; readonly space?: 'function' | 'private' }[];
  readonly returns: Type;
}

/** The variables that a statement may use, the innermost last. */
export class Scope {
  readonly variables: Variable[] = [];

  constructor(readonly parent?: Scope) {}

  declare(variable: Variable): void {
    this.variables.push(variable);
  }

  all(): Variable[] {
    return [...(this.parent?.all() ?? []), ...this.variables];
  }
}

/** Returns whether `type`, or a part of it at any depth, is `wanted`. */
export function contains(type: Type, wanted: Type): boolean {
  if (isSame(type, wanted)) return true;
  switch (type.kind) {
    case 'shaped':
      return wanted.kind === 'shaped' && type.size > 1 && wanted.size === 1 && type.scalar === wanted.scalar;
    case 'matrix':
      return wanted.kind === 'shaped' && wanted.scalar === 'f32' && (wanted.size === 1 || wanted.size === type.rows);
    case 'array':
      return contains(type.element, wanted);
    case 'struct':
      return type.members.some(([, member]) => contains(member, wanted));
  }
}
