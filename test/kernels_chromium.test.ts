import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allTables, isOfResnet } from '../src/oracle/cases/index.ts';
import type {} from './browser/kernels_entry.ts';
import { type ChromiumPage, openChromiumPage } from './harness/chromium.ts';

/** A page that may share memory between threads. */
let chromium: ChromiumPage;
beforeAll(async () => {
  chromium = await openChromiumPage('test/browser/kernels_entry.ts');
});
afterAll(() => chromium?.close());

it('runs on the adapters of the page', async () => {
  expect(await chromium.page.evaluate(() => globalThis.adapters)).toEqual([
    expect.stringMatching(/swiftshader/i),
    expect.stringMatching(/^WebAssembly, 2 threads, (relaxed )?SIMD$/),
  ]);
});

// Pages run the same kernels with other bounds checks and threads: ResNet's own sizes run in Node, and in pages as whole networks.
for (const [t, table] of allTables.entries())
  describe(`${table.kernel.name} in Chromium`, () => {
    for (const [r, row] of table.cases.entries())
      if (!isOfResnet(row))
        it(row.why, async () => {
          expect(
            await chromium.page.evaluate(([table, row]) => globalThis.runCase(table, row), [t, r] as const),
          ).toEqual([]);
        });
  });
