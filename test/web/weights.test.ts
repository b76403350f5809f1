import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../cli/run.ts';
import { numberOf, type OpenSite, openSite, ready, smallNetwork, XRAYS } from './open_site.ts';

const temporary = temporaryFolder();
let site: OpenSite;
afterEach(() => site?.close());

/** The site as a host that only hands out files would have it: weights are there, and nobody is asked to load them. */
function asStatic(folder: string, weights: string, change: (site: Record<string, unknown>) => void = () => {}): void {
  const path = join(folder, 'raycam.json');
  const about = JSON.parse(readFileSync(path, 'utf8'));
  const model = { ...about.models[0], id: 'file:small.safetensors', file: 'small.safetensors', isHere: true };
  Object.assign(about, { model: model.id, models: [{ ...model, sha256: '', sizeBytes: 0 }], isLocal: false });
  change(about);
  writeFileSync(path, JSON.stringify(about));
  mkdirSync(join(folder, 'weights'), { recursive: true });
  copyFileSync(weights, join(folder, 'weights', 'small.safetensors'));
}

const stored = (page: Page) => page.getByTestId('stored').allTextContents();

describe('weights', () => {
  it('come on the first visit when asked for, are kept, start the page without a network, and can be deleted', async () => {
    const { weights, head } = await smallNetwork();
    site = await openSite({
      webgpu: false,
      isStatic: folder => {
        asStatic(folder, weights, about => {
          Object.assign(about, {
            heads: [{ name: 'small_head', url: 'heads/small_head.safetensors', backbone: '' }],
          });
        });
        copyFileSync(head, join(folder, 'heads', 'small_head.safetensors'));
      },
    });
    const page = await site.visit('#look');
    await isolated(page);
    await page.getByText('A network must come to this browser once').waitFor();
    await page.setInputFiles('[data-testid=pick]', XRAYS[0]!);
    await page.getByText('The verdict comes once a network is loaded.').waitFor();
    expect(await page.getByTestId('probability').count()).toBe(0);

    const seen = watchProgress(page);
    await page.getByRole('button', { name: 'Load file:small.safetensors' }).click();
    await ready(page);
    const progress = await seen();
    expect(progress.some(text => /^Fetching .+: [\d.]+ MB of 47 MB/.test(text))).toBe(true);
    expect(progress.some(text => /^Fetching .+: [\d.]+ MB of 47 MB, about \d+ s left/.test(text))).toBe(true);
    const before = await numberOf(page, 'probability');

    await page.getByRole('link', { name: 'Weights' }).click();
    await page.getByTestId('stored').waitFor();
    expect(await stored(page)).toEqual([expect.stringMatching(/^small\.safetensors 47 MB/)]);

    await page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
    await page.goBack();
    await page.reload(); // now the service worker sees what the page asks for
    await ready(page);
    await site.stopServer();
    await page.reload();
    expect(await numberOf(page, 'probability')).toBe(before);
    expect(await page.getByTestId('engine').textContent()).toMatch(/WebAssembly, \d+ thread/);

    await page.getByRole('link', { name: 'Weights' }).click();
    await page.getByRole('button', { name: 'Delete small.safetensors' }).click();
    await page.getByTestId('stored').waitFor({ state: 'detached' });
    await page.reload();
    await page.getByText('A network must come to this browser once').waitFor();
    await page.getByRole('button', { name: /^Load/ }).click();
    await page.getByText('the site cannot be reached. Try again').waitFor();
    expect(await page.getByTestId('engine').getAttribute('data-state')).toBe('failed');
  });

  it('that are not what was promised are refused, and no verdict is shown', async () => {
    const { weights } = await smallNetwork();
    site = await openSite({
      webgpu: false,
      isStatic: folder =>
        asStatic(folder, weights, about => {
          (about.models as { sha256: string }[])[0]!.sha256 = '0'.repeat(64);
        }),
    });
    const page = await site.visit('#look');
    await isolated(page);
    await page.setInputFiles('[data-testid=pick]', XRAYS[0]!);
    await page.getByRole('button', { name: /^Load/ }).click();
    await page.getByText('small.safetensors holds other bytes than expected').waitFor();
    await page.getByText('There is no verdict: nothing could be computed.').waitFor();
    expect(await page.getByTestId('probability').count()).toBe(0);
    await page.getByRole('link', { name: 'Choose another network or adapter' }).click();
    expect(await stored(page)).toEqual([]);

    // The way on: a file of the reader's own, for which no head is here.
    const own = join(temporary, 'own.safetensors');
    copyFileSync(weights, own);
    await page.setInputFiles('[data-testid=pick-weights]', own);
    await page.getByText('No head here was trained on').waitFor();
    expect(await stored(page)).toEqual([expect.stringMatching(/^own\.safetensors 47 MB/)]);
    expect(new URLSearchParams(new URL(page.url()).hash.split('?')[1]).get('model')).toBe('file:own.safetensors');
    await page.reload(); // the address says which, and its file is kept
    await ready(page);
    expect(await page.getByTestId('engine').textContent()).toContain('file:own.safetensors');
    const { head } = await smallNetwork();
    await page.setInputFiles('[data-testid=pick-head]', head);
    await page.getByTestId('head').waitFor();
    expect(await page.getByTestId('head').textContent()).toMatch(/^small_head.safetensors tells NORMAL from PNEUMONIA/);
    await page.setInputFiles('[data-testid=pick-head]', 'heads/chest_xray.resnet50.caffe_in1k.safetensors');
    await page.getByText(/was trained on resnet50\.caffe_in1k \(2048 features\)/).waitFor();
  });
});

/** Where the host sends no headers for it, the service worker does, from the second load on, which the page begins by itself. */
async function isolated(page: Page): Promise<void> {
  await expect
    .poll(() => page.evaluate(() => globalThis.crossOriginIsolated).catch(() => false), { timeout: 20_000 })
    .toBe(true);
}

/** Collects what the progress line says; the returned function gives it and stops. */
function watchProgress(page: Page): () => Promise<string[]> {
  const collecting = page.evaluate(
    () =>
      new Promise<string[]>(resolve => {
        const texts = new Set<string>();
        const timer = setInterval(() => {
          const text = document.querySelector('[data-testid=progress]')?.textContent;
          if (text) texts.add(text);
          if (document.querySelector('[data-testid=engine][data-state=ready]')) {
            clearInterval(timer);
            resolve([...texts]);
          }
        }, 5);
      }),
  );
  return () => collecting;
}
