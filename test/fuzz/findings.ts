/** Inputs that once did harm, as they were found. */

export interface PastFinding {
  readonly target: string;
  readonly what: string;
  readonly base64: string;
  /** Whether it can be read now; else it is refused. */
  readonly read: boolean;
}

export const FINDINGS: readonly PastFinding[] = [];
