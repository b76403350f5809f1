import type { Context } from './context.ts';

/** The base of all API objects: a label, the device's context, and whether creation succeeded. */
export abstract class ApiObject {
  label: string;
  /** False if creating the object broke a rule. Using an invalid object breaks a rule too. */
  valid = true;

  constructor(
    /** The type's name in messages, such as `Buffer`. */
    readonly kind: string,
    readonly context: Context,
    label: string | undefined,
  ) {
    this.label = label ?? '';
  }

  /** Returns the object's form in messages, such as `[Buffer "params"]`. */
  toString(): string {
    return `[${this.valid ? '' : 'Invalid '}${this.kind} ${this.label === '' ? '(unlabeled)' : `"${this.label}"`}]`;
  }
}
