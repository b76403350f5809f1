/** Inputs that an attacker, a broken disk or a user's mistake may pass to Raycam, and the expected outcome of each. */

export type Kind = 'weights' | 'images' | 'heads' | 'stores' | 'folders';

export interface HostileCase {
  readonly kind: Kind;
  readonly name: string;
  /** Writes the input into an empty folder. Returns the argument for `use`. Not measured. */
  readonly make: (folder: string) => Promise<string> | string;
  /** Does what a user would do with the input. */
  readonly use: (input: string, folder: string) => Promise<unknown>;
  /** Matches the error's message, or equals the value that `use` returns. */
  readonly expected: RegExp | { readonly value: unknown };
}

export interface Outcome {
  readonly kind: Kind;
  readonly name: string;
  /** What went wrong; undefined if the case passed. */
  readonly fault?: string;
  /** The error's message, or `right` if there was none. */
  readonly said: string;
  /** CPU time on all cores, so that other programs do not affect it. */
  readonly elapsedMs: number;
  /** Increase of the process's peak memory. */
  readonly extraBytes: number;
}

/** Limits for every case. */
export const MOST_MS = 1000;
export const MOST_EXTRA_BYTES = 64e6;
