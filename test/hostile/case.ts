/** What a stranger, a broken disk or a slip of the hand may put in front of Raycam, and what must come of it. */

export type Kind = 'weights' | 'images' | 'heads' | 'stores' | 'folders';

export interface HostileCase {
  readonly kind: Kind;
  readonly name: string;
  /** Puts the input into an empty folder; returns what `use` is given. Not measured. */
  readonly make: (folder: string) => Promise<string> | string;
  /** What a user would do with it. */
  readonly use: (input: string, folder: string) => Promise<unknown>;
  /** The error's message, or what `use` returns. */
  readonly expected: RegExp | { readonly value: unknown };
}

export interface Outcome {
  readonly kind: Kind;
  readonly name: string;
  /** What went wrong; undefined where all is as it must be. */
  readonly fault?: string;
  /** The error's message, or `right`. */
  readonly said: string;
  /** Of all cores: what other programs take of them does not count. */
  readonly elapsedMs: number;
  /** What the process's memory rose by, at its highest. */
  readonly extraBytes: number;
}

/** What any input may cost. */
export const MOST_MS = 1000;
export const MOST_EXTRA_BYTES = 64e6;
