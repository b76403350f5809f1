import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allTables, casesForPages } from './cases/index.ts';
import { type ChromiumPage, openChromiumPage } from './harness/chromium.ts';

let chromium: ChromiumPage;
beforeAll(async () => {
  chromium = await openChromiumPage('test/browser/kernels_entry.ts');
});
afterAll(() => chromium?.close());

it('runs on a software adapter of the page', async () => {
  expect(await chromium.page.evaluate(() => globalThis.adapterDescription)).toMatch(/^software.*, with subgroups$/);
});

for (const [t, table] of allTables.entries())
  describe(`${table.kernel.name} in Chromium`, () => {
    for (const [r, row] of casesForPages(table))
      it(row.why, async () => {
        const failure = await chromium.page.evaluate(([table, row]) => globalThis.runCase(table, row), [t, r] as const);
        expect(failure ?? undefined).toBeUndefined();
      });
  });
