import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ChromiumPage, openChromiumPage } from '../harness/chromium.ts';
import type {} from './page_entry.ts';

let chromium: ChromiumPage;
beforeAll(async () => {
  chromium = await openChromiumPage('test/bench/page_entry.ts');
});
afterAll(() => chromium?.close());

it('runs in a page on WebGPU, and reports how exact its timestamps are', async () => {
  const { text, svg, timestamps, refused } = await chromium.page.evaluate(() => globalThis.benchInPage('swiftshader'));
  expect(refused).toBe(0);
  expect(text).toContain('1x16x14x14 > 16, 3x3, relu');
  expect(text).toMatch(/Chrome\/\d+/);
  expect(svg).toContain('<circle');
  expect(['quantised', 'none']).toContain(timestamps);
});

it('runs in a page on the wasm device', async () => {
  const { text, timestamps } = await chromium.page.evaluate(() => globalThis.benchInPage('wasm'));
  expect(text).toMatch(/^WebAssembly, \d threads?/);
  expect(timestamps).toBe('exact');
  expect(await chromium.page.evaluate(() => globalThis.benchModelInPage())).toBeGreaterThan(0);
});
