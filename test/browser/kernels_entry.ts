import { failureOf } from '../../src/bench/check.ts';
import { messageOf } from '../../src/errors.ts';
import { Device } from '../../src/runtime/device.ts';
import { caseTables } from '../cases/index.ts';

/** What the test calls from outside. */
declare global {
  var ready: boolean;
  var adapterDescription: string;
  var runCase: (table: number, row: number) => Promise<string | undefined>;
}

const device = await Device.open({ adapter: 'swiftshader' });
globalThis.adapterDescription = `${device.adapter.kind}: ${device.adapter.vendor} ${device.adapter.architecture}`;
globalThis.runCase = async (table, row) => {
  try {
    return await failureOf(device, caseTables[table]!, caseTables[table]!.cases[row]!);
  } catch (error) {
    return messageOf(error);
  }
};
globalThis.ready = true;
