import type { Context } from './context.ts';

/** What every object of the API has: a label, a place where it belongs, and whether its making went well. */
export abstract class ApiObject {
  label: string;
  /** An object that broke a rule when it was made; using it breaks one again. */
  valid = true;

  constructor(
    /** As messages name it: `Buffer`. */
    readonly kind: string,
    readonly context: Context,
    label: string | undefined,
  ) {
    this.label = label ?? '';
  }

  /** As messages show it: `[Buffer "params"]`. */
  toString(): string {
    return `[${this.valid ? '' : 'Invalid '}${this.kind} ${this.label === '' ? '(unlabeled)' : `"${this.label}"`}]`;
  }
}
