/**
 * All methods that the page can call. A view's methods are in a file with its name; a line here makes them callable.
 */
import { doctorMethods } from './doctor.ts';
import { inspectMethods } from './inspect.ts';
import { kernelMethods } from './kernels.ts';
import { ledgerMethods } from './ledger.ts';
import { lookMethods } from './look.ts';
import { networkMethods } from './network.ts';
import { trainMethods } from './train.ts';
import { tuningMethods } from './tuning.ts';

export const methods = {
  ...networkMethods,
  ...lookMethods,
  ...inspectMethods,
  ...ledgerMethods,
  ...trainMethods,
  ...kernelMethods,
  ...tuningMethods,
  ...doctorMethods,
};

export type Methods = typeof methods;

/** Methods that need no device and run while others wait. */
export const IMMEDIATE: ReadonlySet<string> = new Set<keyof Methods>([
  'start',
  'addImage',
  'listStored',
  'deleteStored',
  'operations',
]);
