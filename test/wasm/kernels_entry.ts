import { failureOf } from '../../src/bench/check.ts';
import { messageOf } from '../../src/errors.ts';
import { Device } from '../../src/runtime/device.ts';
import { caseTables } from '../cases/index.ts';

/** What the test calls from outside. */
declare global {
  var ready: boolean;
  var hasGpu: boolean;
  var openWasm: (threads: number) => Promise<string>;
  var runWasmCase: (table: number, row: number) => Promise<string | undefined>;
}

let device: Device | undefined;
globalThis.hasGpu =
  'gpu' in navigator && navigator.gpu !== undefined && (await navigator.gpu.requestAdapter()) !== null;
globalThis.openWasm = async threads => {
  device?.dispose();
  device = await Device.open({ adapter: 'wasm', threads });
  return `${device.adapter.kind}: ${device.adapter.description}`;
};
globalThis.runWasmCase = async (table, row) => {
  try {
    return await failureOf(device!, caseTables[table]!, caseTables[table]!.cases[row]!);
  } catch (error) {
    return messageOf(error);
  }
};
globalThis.ready = true;
