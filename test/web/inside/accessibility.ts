import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { root } from '../../cli/run.ts';

const axe = readFileSync(join(root, 'node_modules/axe-core/axe.min.js'), 'utf8');

interface Axe {
  run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }>;
}

const NARROW = { width: 390, height: 844 };
/** The smallest wide window that the page supports. */
const LEAST = { width: 1024, height: 768 };

/** Returns the serious and critical faults of the page as it is now, each with its element. */
export async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: Axe }).axe.run();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  });
}

/** Returns the faults in light and dark, wide and narrow, and the widths that the page does not fit. */
export async function seriousFaults(page: Page): Promise<string[]> {
  const faults: string[] = [];
  const wide = page.viewportSize()!;
  for (const size of [wide, LEAST, NARROW]) {
    await page.setViewportSize(size);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    if (width > size.width) faults.push(`the page is ${width} pixels wide at ${size.width}`);
    if (size === LEAST) continue;
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      faults.push(...(await faultsOf(page)).map(fault => `${size.width} pixels, ${colorScheme}: ${fault}`));
    }
  }
  await page.setViewportSize(wide);
  return faults;
}
