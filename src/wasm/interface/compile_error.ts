export interface CompileMessage {
  readonly type: 'error' | 'warning' | 'info';
  readonly message: string;
  /** Counts from 1; 0 if unknown. */
  readonly lineNum: number;
  readonly linePos: number;
}

/** Reports WGSL that cannot be compiled, with line and column. */
export class CompileError extends Error {
  constructor(readonly messages: readonly CompileMessage[]) {
    super(messages.map(({ lineNum, linePos, message }) => `${lineNum}:${linePos}: ${message}`).join('\n'));
    this.name = 'CompileError';
  }
}

/** Where a token starts; line and column count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** The position of an error that no token causes. */
export const NOWHERE: Position = { line: 0, column: 0 };

/** @throws CompileError  with one message */
export function fail(position: Position, message: string): never {
  throw new CompileError([{ type: 'error', message, lineNum: position.line, linePos: position.column }]);
}
