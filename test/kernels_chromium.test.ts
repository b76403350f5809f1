import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allCaseTables } from '../src/oracle/case_tables.ts';
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

// Pages run the same kernels with other bounds checks and other threads. Large cases run in Node, and in pages as whole
// networks.
for (const { kernel, cases } of await allCaseTables())
  describe(`${kernel.name} in Chromium`, () => {
    for (const [i, { why, large }] of cases.entries())
      if (!large)
        it(why, async () => {
          const failures = await chromium.page.evaluate(([name, i]) => globalThis.runCase(name, i), [
            kernel.name,
            i,
          ] as const);
          expect(failures).toEqual([]);
        });
  });
