import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { casesForPages, caseTables } from '../cases/index.ts';
import { type ChromiumPage, openChromiumPage } from '../harness/chromium.ts';
import type {} from './kernels_entry.ts';

/** A Chromium started without WebGPU, on a page that may share memory between threads. */
let chromium: ChromiumPage;
beforeAll(async () => {
  chromium = await openChromiumPage('test/wasm/kernels_entry.ts', { webgpu: false });
});
afterAll(() => chromium?.close());

it('runs where there is no WebGPU, on threads', async () => {
  expect(await chromium.page.evaluate(() => globalThis.hasGpu)).toBe(false);
  expect(await chromium.page.evaluate(() => globalThis.openWasm(2))).toMatch(
    /^wasm: WebAssembly, 2 threads, (relaxed )?SIMD$/,
  );
});

for (const [t, table] of caseTables.entries())
  describe(`${table.kernel.name} on WebAssembly in Chromium`, () => {
    for (const [r, row] of casesForPages(table))
      it(row.why, async () => {
        const failure = await chromium.page.evaluate(([table, row]) => globalThis.runWasmCase(table, row), [
          t,
          r,
        ] as const);
        expect(failure ?? undefined).toBeUndefined();
      });
  });
