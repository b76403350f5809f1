import { expect, it } from 'vitest';
import { cacheDirectory } from '#platform';
import { raycam, records } from '../cli/run.ts';
import { numberOf, openSite, XRAYS } from './open_site.ts';

const BACKBONE = 'resnet152.net2net_r50';

it("runs ResNet-152's graph with the bundled head, and shows the verdict of `raycam predict`", async () => {
  const site = await openSite({
    webgpu: false,
    desk: { cacheDir: cacheDirectory(), model: BACKBONE, weightsFile: undefined, headFile: undefined, offline: false },
  });
  try {
    const page = await site.visit('#look');
    await page.setInputFiles('[data-testid=pick]', XRAYS[1]!);
    await page.locator('[data-testid=engine][data-state=ready]').waitFor();
    const probability = await numberOf(page, 'probability');
    const verdict = await page.getByTestId('verdict').textContent();
    expect(await page.getByTestId('engine').textContent()).toContain(BACKBONE);
    await page.close();
    const [said] = records(await raycam(['predict', XRAYS[1]!, '--backbone', BACKBONE, '--adapter', 'wasm', '--json']));
    expect(verdict).toBe(said!.class);
    expect(Math.abs(probability - (said!.probabilities as Record<string, number>)[verdict!]!)).toBeLessThan(1e-4);
    expect(site.faults).toEqual([]);
  } finally {
    await site.close();
  }
});
