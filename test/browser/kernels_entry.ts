import { messageOf } from '../../src/errors/index.ts';
import { allTables } from '../../src/oracle/cases/index.ts';
import { failuresOf } from '../../src/oracle/check.ts';
import { Device } from '../../src/runtime/device.ts';

/** Values and functions that the test uses from outside the page. */
declare global {
  var ready: boolean;
  var adapters: readonly string[];
  var runCase: (table: number, row: number) => Promise<readonly string[]>;
}

const devices = [await Device.open({ adapter: 'swiftshader' }), await Device.open({ adapter: 'wasm', threads: 2 })];
globalThis.adapters = devices.map(({ adapter }) => adapter.description);
globalThis.runCase = async (table, row) => {
  try {
    return await failuresOf(devices, allTables[table]!, allTables[table]!.cases[row]!);
  } catch (error) {
    return [messageOf(error)];
  }
};
globalThis.ready = true;
