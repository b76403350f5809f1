/** Tunings on the page: measured, loaded from Node, stored, saved again and deleted. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainConvolutions } from '../../../src/nn/resnet_work.ts';
import { type TunedAdapter, Tuning } from '../../../src/nn/tuning.ts';
import { Device } from '../../../src/runtime/device.ts';
import { raycam } from '../../cli/run.ts';
import { numberOf, ready } from '../open_site.ts';
import { XRAY } from './expected.ts';
import type { Inside } from './inside.ts';

const WINOGRAD = ['winograd_input', 'winograd_matmul_simd', 'winograd_output'];

export function tuningTests(inside: Inside): void {
  describe('Tuning', () => {
    let page: Page;
    beforeAll(async () => {
      page = await openKernels(inside);
    });
    afterAll(() => page?.context().close());

    it('refuses a tuning of another adapter, and a file that is not a tuning', async () => {
      const other = directTuning({ kind: 'gpu', vendor: 'maker', architecture: 'family', description: 'Model 7' });
      for (const [content, sentence] of [
        [other.encode(), /^other\.json: was measured on Model 7, not on .+\. Measure on this adapter, or choose/],
        ['{}', 'other.json: is not a tuning file. Write one with `raycam tune`'],
      ] as const) {
        const buffer = Buffer.from(content);
        await page.setInputFiles('[data-testid=load-tuning]', { name: 'other.json', mimeType: '', buffer });
        await page.getByRole('alert').filter({ hasText: sentence }).waitFor();
        expect(await numberOf(page, 'tuning')).toBe(0);
      }
    });

    it('measures size by size, and stores nothing when stopped', async () => {
      await page.getByRole('button', { name: 'Measure', exact: true }).click();
      await page.getByText('Measuring size 2 of 11').waitFor();
      await page.getByRole('button', { name: 'Stop' }).click();
      await page.getByRole('button', { name: 'Measure', exact: true }).waitFor();
      expect(await numberOf(page, 'tuning')).toBe(0);
    });

    it('loads a tuning from Node, uses it, keeps it after a reload, saves the same file, and deletes it', async () => {
      const file = join(inside.temporary, `tuning-${inside.adapter}.json`);
      await writeFile(file, directTuning(await nodeAdapter(inside.adapter)).encode());
      await dispatched(page, WINOGRAD);
      expect(await numberOf(page, 'tuning')).toBe(0);

      await page.setInputFiles('[data-testid=load-tuning]', file);
      await inUse(page, 11);
      expect(await page.getByTestId('tuning').textContent()).toContain('11 of this network’s 11 convolution sizes');
      expect(await page.getByTestId('tuning').textContent()).toContain('2.00 times as fast');
      await dispatched(page, expect.not.arrayContaining([expect.stringMatching(/^winograd/)]));
      expect(await page.getByTestId('dispatch').count()).toBeGreaterThan(0);

      await page.reload();
      await ready(page);
      await inUse(page, 11);
      const [saved] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Save file' }).click(),
      ]);
      expect(await readFile(await saved.path(), 'utf8')).toBe(await readFile(file, 'utf8'));
      const kept = await raycam(['tune', '--from', await saved.path(), '--cache-dir', inside.temporary, '--json']);
      expect([kept.status, JSON.parse(kept.stdout).convolutions.length]).toEqual([0, 11]);

      await page.getByLabel('Use it').uncheck();
      await inUse(page, 0);
      expect(page.url()).toContain('tuning=off');
      await dispatched(page, WINOGRAD);
      await page.getByRole('button', { name: 'Delete' }).click();
      await page.getByText(/^None for WebAssembly/).waitFor();
      expect(page.url()).not.toContain('tuning=off');
      expect(await page.getByRole('button', { name: 'Save file' }).isDisabled()).toBe(true);
    });
  });
}

/** Opens Kernels for a new visitor. */
async function openKernels({ site }: Inside): Promise<Page> {
  const page = await site.open('#kernels?layer=layer1.0.conv2', await site.visitor());
  await page.setInputFiles('[data-testid=pick]', XRAY);
  await page.getByTestId('kernel-ms').waitFor();
  return page;
}

async function inUse(page: Page, convolutions: number): Promise<void> {
  await page.locator(`[data-testid=tuning][data-value="${convolutions}"]`).waitFor();
}

async function dispatched(page: Page, kernels: unknown): Promise<void> {
  await page.getByTestId('dispatch').first().waitFor();
  await expect.poll(() => page.getByTestId('dispatch').allTextContents()).toEqual(kernels);
}

/** Returns the page's adapter as Node describes it. */
async function nodeAdapter(adapter: Inside['adapter']): Promise<TunedAdapter> {
  const device = await Device.open({ adapter, wideSimd: false });
  device.dispose();
  return device.adapter;
}

/** Creates a tuning that is visible on the page: its algorithm is never the default. */
function directTuning({ kind, vendor, architecture, description }: TunedAdapter): Tuning {
  const convolutions = plainConvolutions('resnet18').map(size => ({
    size,
    algorithm: { kind: 'direct' } as const,
    ms: 1,
    untunedMs: 2,
  }));
  return new Tuning({ kind, vendor, architecture, description }, convolutions);
}
