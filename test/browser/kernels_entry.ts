import { failureOf } from '../../src/bench/check.ts';
import { messageOf } from '../../src/errors.ts';
import { Device } from '../../src/runtime/device.ts';
import { allTables } from '../cases/index.ts';

/** What the test calls from outside. */
declare global {
  var ready: boolean;
  var adapterDescription: string;
  var runCase: (table: number, row: number) => Promise<string | undefined>;
}

const device = await Device.open({ adapter: 'swiftshader' });
const { kind, vendor, architecture, features } = device.adapter;
globalThis.adapterDescription = `${kind}: ${vendor} ${architecture}, ${features.includes('subgroups') ? 'with' : 'without'} subgroups`;
globalThis.runCase = async (table, row) => {
  try {
    return await failureOf(device, allTables[table]!, allTables[table]!.cases[row]!);
  } catch (error) {
    return messageOf(error);
  }
};
globalThis.ready = true;
