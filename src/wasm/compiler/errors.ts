import { CompileError } from '../compiled_kernel.ts';

/** Where a token starts; line and column count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export const NOWHERE: Position = { line: 0, column: 0 };

export function fail(position: Position, message: string): never {
  throw new CompileError([{ type: 'error', message, lineNum: position.line, linePos: position.column }]);
}
