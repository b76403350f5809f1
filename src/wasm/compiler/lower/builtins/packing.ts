import type { Builtin } from './arguments.ts';
export const packingBuiltins: Readonly<Record<string, Builtin>> = {};
