import type { CaseTable } from '../harness/cases.ts';
import maxPool2d from './max_pool2d.ts';

/** Every operation's table, in the registry's order. */
export const caseTables: readonly CaseTable[] = [maxPool2d];
