import type { Builtin } from './arguments.ts';
export const atomicBuiltins: Readonly<Record<string, Builtin>> = {};
