import type { CaseTable } from '../harness/cases.ts';
import * as conv2d from './conv2d.ts';
import maxPool2d from './max_pool2d.ts';

/** Every operation's table, in the registry's order. */
export const caseTables: readonly CaseTable[] = [conv2d.pack, conv2d.general, conv2d.pointwise, conv2d.threeByThree, maxPool2d];
