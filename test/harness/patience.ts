/**
 * Ends a test that hangs. It is far longer than any test takes, even on a busy machine: no test may fail because
 * something is slow.
 */
export const PATIENCE_MS = 30 * 60_000;
