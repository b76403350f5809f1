import { messageOf } from '../../src/errors/index.ts';
import { caseTableOf } from '../../src/oracle/case_tables.ts';
import { failuresOf } from '../../src/oracle/check.ts';
import { Device } from '../../src/runtime/device.ts';

/** What the test calls from outside the page. */
declare global {
  var ready: boolean;
  var adapters: readonly string[];
  var runCase: (kernel: string, row: number) => Promise<readonly string[]>;
}

const devices = [await Device.open({ adapter: 'swiftshader' }), await Device.open({ adapter: 'wasm', threads: 2 })];
globalThis.adapters = devices.map(({ adapter }) => adapter.description);
globalThis.runCase = async (kernel, row) => {
  try {
    const table = await caseTableOf(kernel);
    return await failuresOf(devices, table, table.cases[row]!);
  } catch (error) {
    return [messageOf(error)];
  }
};
globalThis.ready = true;
