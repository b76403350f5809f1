/** Everything that the page may ask of the engine. A view's methods are in a file of its name; a line here makes them callable. */
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

/** Those that need no device: they run while others wait for it. */
export const IMMEDIATE: ReadonlySet<string> = new Set<keyof Methods>([
  'start',
  'addImage',
  'listStored',
  'deleteStored',
  'operations',
]);
