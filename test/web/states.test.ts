import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../cli/run.ts';
import { faultsOf, seriousFaults } from './inside/accessibility.ts';
import { longestOf, traced } from './inside/trace.ts';
import { type OpenSite, openSite, ready, smallNetwork, XRAYS } from './open_site.ts';

describe('errors', () => {
  let site: OpenSite;
  beforeAll(async () => {
    site = await openSite({ webgpu: false, desk: { weightsFile: await spoiltWeights(), headFile: undefined } });
  });
  afterAll(() => site?.close());

  it('shows an error and no score for a network that computes NaN', async () => {
    const page = await site.visit('#weights');
    await ready(page);
    await page.setInputFiles('[data-testid=pick-head]', await headOf());
    await page.getByTestId('head').waitFor();
    await page.getByRole('link', { name: 'Look' }).click();
    await page.setInputFiles('[data-testid=pick]', XRAYS[0]!);
    await page.locator('.verdict .error-text').waitFor();
    expect(await page.locator('.verdict .error-text').textContent()).toMatch(/must be a finite number, got NaN/);
    await page.locator('.frame-verdict.error-text').waitFor();
    expect(await page.getByTestId('probability').count()).toBe(0);
    expect(await page.locator('.plate-map').count()).toBe(0);
    await page.close();
  });

  it('shows an error for a missing adapter, and lets the visitor choose another', async () => {
    const page = await site.visit('#look?adapter=gpu');
    await page.locator('[data-testid=notice].error').waitFor();
    expect(await page.getByTestId('notice').textContent()).toMatch(/^device: .*choose the adapter "wasm"/);
    await page.getByRole('link', { name: 'Choose another network or adapter' }).click();
    await page.getByRole('radio', { name: 'WebAssembly' }).check();
    await page.locator('[data-testid=engine][data-state=ready]').waitFor();
    expect(await page.getByTestId('adapter').textContent()).toMatch(/^WebAssembly, \d+ thread/);
    await page.getByTestId('threads').fill('1');
    await page.getByTestId('threads').press('Enter');
    await page.getByTestId('adapter').filter({ hasText: 'WebAssembly, 1 thread' }).waitFor();
    await page.close();
  });
});

/** Writes the small network with a NaN in the last batch norm. */
async function spoiltWeights(): Promise<string> {
  const { weights } = await smallNetwork();
  const bytes = readFileSync(weights);
  const headerBytes = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerBytes));
  const [begin] = header['layer4.1.bn2.bias'].data_offsets;
  bytes.writeFloatLE(Number.NaN, 8 + headerBytes + begin);
  const path = join(spoilt, 'spoilt.safetensors');
  writeFileSync(path, bytes);
  return path;
}

/** Writes a head whose metadata names the spoilt network. */
async function headOf(): Promise<string> {
  const { openHead } = await import('../../src/nn/head_file.ts');
  const { encodeHead } = await import('../../src/nn/head_file.ts');
  const { fileSha256 } = await import('../../src/weights/cache.ts');
  const { head, metadata } = await openHead((await smallNetwork()).head);
  const weightsHash = await fileSha256(join(spoilt, 'spoilt.safetensors'));
  const path = join(spoilt, 'head.safetensors');
  writeFileSync(path, encodeHead(head, { ...metadata, weightsHash }));
  return path;
}

/** The largest share of all tasks’ CPU time that one task may have. It is about 0.06; a loop of 100 ms makes it 0.12. */
const LARGEST_TASK = 0.1;

const spoilt = temporaryFolder();

describe('the page', () => {
  let site: OpenSite;
  beforeAll(async () => {
    site = await openSite({ webgpu: false });
  });
  afterAll(() => site?.close());

  it('has no serious accessibility fault in light and dark, and fits 1024 and 390 pixels', async () => {
    const context = await site.visitor();
    const page = await site.visit('#look', context);
    const expectNoFault = async () => expect(await seriousFaults(page)).toEqual([]);
    await page.locator('.welcome-samples img').first().waitFor();
    await page.evaluate(() => document.body.append(document.createElement('button')));
    expect(await faultsOf(page)).toEqual(['button-name: <button></button>']); // the checker finds faults
    await page.evaluate(() => document.body.lastElementChild!.remove());
    await expectNoFault();
    await ready(page);
    await page.setInputFiles('[data-testid=pick]', XRAYS);
    await page.locator('.frame-verdict[data-value]').nth(1).waitFor();
    await page.locator('.plate-view').press('ArrowDown');
    await expectNoFault();
    await page.getByRole('button', { name: /^Bundled/ }).click();
    await expectNoFault();
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('link', { name: 'Weights', exact: true }).click();
    await page.getByTestId('stored').waitFor();
    await expectNoFault();
    await context.close();
  });

  it('paints before any of its data arrives', async () => {
    const context = await site.visitor();
    const page = await context.newPage();
    let release = () => {};
    const held = new Promise<void>(resolve => {
      release = resolve;
    });
    await page.route(/raycam\.json|weights|heads|sample/, async route => {
      await held;
      await route.continue();
    });
    await page.goto(site.url);
    await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length > 0);
    expect(await page.locator('[data-testid=engine][data-state=ready]').count()).toBe(0);
    release();
    await ready(page);
    await context.close();
  });

  it('works by keyboard alone, and no task of its thread stands out', async () => {
    const context = await site.visitor();
    const page = await context.newPage();
    const { tasks } = await traced(page, () => goThrough(page));
    const longest = longestOf(tasks);
    const totalCpuMs = tasks.reduce((sum, { cpuMs = 0 }) => sum + cpuMs, 0);
    console.info(
      `longest of ${tasks.length} tasks: ${longest.cpuMs.toFixed(1)} of ${totalCpuMs.toFixed(0)} ms of CPU, ${longest.ms.toFixed(1)} ms by the clock`,
    );
    expect(tasks.length).toBeGreaterThan(100);
    // A ratio of CPU times depends neither on the machine nor on other programs.
    expect(longest.cpuMs / totalCpuMs).toBeLessThan(LARGEST_TASK);
    await context.close();
  });

  async function goThrough(page: Page): Promise<void> {
    await page.goto(site.url);
    await ready(page);
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press('Tab');
      if (await page.evaluate(() => document.activeElement!.classList.contains('sample'))) break;
    }
    await page.keyboard.press('Enter');
    await page.getByTestId('probability').waitFor();
    const chosen = page.locator('.segments input:checked').first();
    await chosen.focus();
    const before = await chosen.inputValue();
    await page.keyboard.press('ArrowRight');
    expect(await chosen.inputValue()).not.toBe(before);
    expect(new URL(page.url()).hash).toContain('map=');
    await page.setInputFiles('[data-testid=pick]', XRAYS);
    await page.locator('.frame-verdict[data-value]').nth(1).waitFor();
    await page.getByRole('radio', { name: 'Difference' }).check();
    await page.getByTestId('opacity').fill('70');
  }
});
