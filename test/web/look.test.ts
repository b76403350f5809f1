import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Evidence, evidenceOf } from '../../src/inference/evidence.ts';
import { numberOf, type OpenSite, openSite, XRAYS, xray } from './open_site.ts';

describe.each([
  { webgpu: true, adapter: 'software' },
  { webgpu: false, adapter: 'wasm' },
])('Look on $adapter', ({ webgpu }) => {
  let site: OpenSite;
  const expected: Evidence[] = [];

  beforeAll(async () => {
    site = await openSite({ webgpu });
    const { network, head, close } = await site.library();
    for (const path of XRAYS) expected.push(await evidenceOf(network, head, await xray(path)));
    await close();
  });
  afterAll(() => site?.close());

  it('shows the verdict that the library gives in Node', async () => {
    const page = await site.open('#look');
    await page.setInputFiles('[data-testid=pick]', XRAYS[1]!);
    const probability = await numberOf(page, 'probability');
    const verdict = await page.getByTestId('verdict').textContent();
    expect(verdict).toBe(expected[1]!.class);
    expect(Math.abs(probability - expected[1]!.probabilities[expected[1]!.class]!)).toBeLessThan(1e-4);
    expect(site.faults).toEqual([]);
    await page.close();
  });
});
