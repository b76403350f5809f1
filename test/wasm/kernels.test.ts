import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enableWideSimd } from '#platform';
import { failureOf } from '../../src/bench/check.ts';
import { Device } from '../../src/runtime/device.ts';
import { caseTables } from '../cases/index.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ adapter: 'wasm', threads: 2 });
});
afterAll(() => device.dispose());

it('says which adapter it is', () => {
  expect(device.adapter).toMatchObject({
    kind: 'wasm',
    vendor: 'raycam',
    architecture: enableWideSimd() ? 'wasm-wide-simd' : 'wasm-relaxed-simd',
    toggles: [],
  });
  expect(device.adapter.description).toMatch(
    enableWideSimd() ? /^WebAssembly, 2 threads, 256-bit SIMD$/ : /^WebAssembly, 2 threads, (relaxed )?SIMD$/,
  );
});

for (const table of caseTables)
  describe(`${table.kernel.name} on WebAssembly`, () => {
    for (const row of table.cases) it(row.why, async () => expect(await failureOf(device, table, row)).toBeUndefined());
  });
