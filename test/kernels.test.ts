import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureOf } from '../src/bench/check.ts';
import { Device } from '../src/runtime/device.ts';
import { allTables } from './cases/index.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ adapter: 'swiftshader' });
});
afterAll(() => device.dispose());

for (const table of allTables)
  describe(table.kernel.name, () => {
    for (const row of table.cases) it(row.why, async () => expect(await failureOf(device, table, row)).toBeUndefined());
  });
