import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enableWideSimd } from '#platform';
import { allTables } from '../src/oracle/cases/index.ts';
import { failuresOf } from '../src/oracle/check.ts';
import { Device } from '../src/runtime/device.ts';

let devices: readonly Device[];
beforeAll(async () => {
  devices = [await Device.open({ adapter: 'swiftshader' }), await Device.open({ adapter: 'wasm', threads: 2 })];
});
afterAll(() => {
  for (const device of devices) device.dispose();
});

it('WebAssembly says which adapter it is', () => {
  const { adapter } = devices[1]!;
  expect(adapter).toMatchObject({
    kind: 'wasm',
    vendor: 'raycam',
    architecture: enableWideSimd() ? 'wasm-wide-simd' : 'wasm-relaxed-simd',
    toggles: [],
  });
  expect(adapter.description).toMatch(
    enableWideSimd() ? /^WebAssembly, 2 threads, 256-bit SIMD$/ : /^WebAssembly, 2 threads, (relaxed )?SIMD$/,
  );
});

for (const table of allTables)
  describe(`${table.kernel.name} on SwiftShader and WebAssembly`, () => {
    for (const row of table.cases) it(row.why, async () => expect(await failuresOf(devices, table, row)).toEqual([]));
  });
