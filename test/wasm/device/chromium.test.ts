import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChromiumPage, openChromiumPage } from '../../harness/chromium.ts';
import type {} from './chromium_entry.ts'; // the page runs a bundle of this module

describe('a cross-origin isolated page', () => {
  let chromium: ChromiumPage;
  beforeAll(async () => {
    chromium = await openChromiumPage('test/wasm/device/chromium_entry.ts', { webgpu: false });
  });
  afterAll(() => chromium?.close());

  it('has no WebGPU adapter', async () => {
    expect(await chromium.page.evaluate(async () => (await navigator.gpu?.requestAdapter()) ?? null)).toBe(null);
  });

  it.each([0, 1, 2, 4])('computes on %i threads', async threads => {
    const result = (await chromium.page.evaluate(count => globalThis.probe(count), threads)) as {
      perDispatchUs: number;
    };
    expect(result).toMatchObject({ threads: Math.max(1, threads), values: [1000], reason: 'destroyed' });
    expect(result.perDispatchUs).toBeLessThan(1000);
  });

  it('stops an endless kernel', async () => {
    expect(await chromium.page.evaluate(() => globalThis.stopEndless(2))).toBe('AbortError');
  });

  it.each([
    ['turns', 1],
    ['turns', 2],
    ['barriers', 2],
    ['everyone', 2],
  ] as const)('stops an endless WGSL shader: %s, on %i threads', async (name, threads) => {
    const result = await chromium.page.evaluate(([which, count]) => globalThis.stopShader(which, count), [
      name,
      threads,
    ] as const);
    expect(result).toMatchObject({ read: 'AbortError', reason: 'destroyed', values: [2, 2, 2, 2] });
  });
});

it('a page that is not cross-origin isolated computes on the calling thread', async () => {
  const chromium = await openChromiumPage('test/wasm/device/chromium_entry.ts', { webgpu: false, headers: {} });
  try {
    const result = await chromium.page.evaluate(() => globalThis.probe(2));
    expect(result).toMatchObject({
      description: expect.stringMatching('on the calling thread'),
      threads: 1,
      values: [1000],
    });
  } finally {
    await chromium.close();
  }
});

it('a page that forbids workers computes on the calling thread', async () => {
  const headers = {
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
    'content-security-policy': "worker-src 'none'",
  };
  const chromium = await openChromiumPage('test/wasm/device/chromium_entry.ts', { webgpu: false, headers });
  try {
    expect(await chromium.page.evaluate(() => globalThis.probe(2))).toMatchObject({ threads: 1, values: [1000] });
  } finally {
    await chromium.close();
  }
});
