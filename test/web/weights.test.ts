import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../cli/run.ts';
import { numberOf, type OpenSite, openSite, ready, smallNetwork, XRAYS } from './open_site.ts';

const temporary = temporaryFolder();
let site: OpenSite;
afterEach(() => site?.close());

/**
 * Turns the site into one that a static host serves: it has the weights, and the page asks before it downloads them.
 */
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
  it('are downloaded on request, stored, start the page offline, and can be deleted', async () => {
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
    await page.getByText('A network must be downloaded once').waitFor();
    await page.setInputFiles('[data-testid=pick]', XRAYS[0]!);
    await page.getByText('The verdict appears once a network is loaded.').waitFor();
    expect(await page.getByTestId('probability').count()).toBe(0);

    const seen = watchProgress(page);
    await page.getByRole('button', { name: 'Load file:small.safetensors' }).click();
    await ready(page);
    const progress = await seen();
    expect(progress.some(text => /^Downloading .+: [\d.]+ MB of 47 MB/.test(text))).toBe(true);
    expect(progress.some(text => /^Downloading .+: [\d.]+ MB of 47 MB, about \d+ s left/.test(text))).toBe(true);
    const before = await numberOf(page, 'probability');

    await page.getByRole('link', { name: 'Weights' }).click();
    await page.getByTestId('stored').waitFor();
    expect(await stored(page)).toEqual([expect.stringMatching(/^small\.safetensors 47 MB/)]);

    await page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
    await page.goBack();
    await page.reload(); // from now on the service worker sees the page's requests
    await ready(page);
    await site.stopServer();
    await page.reload();
    expect(await numberOf(page, 'probability')).toBe(before);
    expect(await page.getByTestId('engine').textContent()).toMatch(/WebAssembly, \d+ thread/);

    await page.getByRole('link', { name: 'Weights' }).click();
    await page.getByRole('button', { name: 'Delete small.safetensors' }).click();
    await page.getByTestId('stored').waitFor({ state: 'detached' });
    await page.reload();
    await page.getByText('A network must be downloaded once').waitFor();
    await page.getByRole('button', { name: /^Load/ }).click();
    await page.getByText('could not be fetched (the site cannot be reached). Try again').waitFor();
    expect(await page.getByTestId('engine').getAttribute('data-state')).toBe('failed');
  });

  it('with an unexpected digest are refused, and no verdict is shown', async () => {
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
    await page.getByText('small.safetensors is damaged (SHA-256 ').waitFor();
    await page.getByText('No verdict: nothing could be computed.').waitFor();
    expect(await page.getByTestId('probability').count()).toBe(0);
    await page.getByRole('link', { name: 'Choose another network or adapter' }).click();
    expect(await stored(page)).toEqual([]);

    // The visitor opens a file of their own, for which the site has no head.
    const own = join(temporary, 'own.safetensors');
    copyFileSync(weights, own);
    await page.setInputFiles('[data-testid=pick-weights]', own);
    await page.getByText('No head was trained on file:own.safetensors. Open or train one').waitFor();
    expect(await stored(page)).toEqual([expect.stringMatching(/^own\.safetensors 47 MB/)]);
    expect(new URLSearchParams(new URL(page.url()).hash.split('?')[1]).get('model')).toBe('file:own.safetensors');
    await page.reload(); // the address names the network, and its file is stored
    await ready(page);
    expect(await page.getByTestId('engine').textContent()).toContain('file:own.safetensors');
    const { head } = await smallNetwork();
    await page.setInputFiles('[data-testid=pick-head]', head);
    await page.getByTestId('head').waitFor();
    expect(await page.getByTestId('head').textContent()).toMatch(/^small_head.safetensors classes: NORMAL, PNEUMONIA/);
    await page.setInputFiles('[data-testid=pick-head]', 'heads/chest_xray.resnet50.caffe_in1k.safetensors');
    await page.getByText(/was trained on resnet50\.caffe_in1k \(2048 features\)/).waitFor();
  });
});

/**
 * Waits for isolation. The service worker adds the headers from the second load on, which the page starts by itself.
 */
async function isolated(page: Page): Promise<void> {
  await expect.poll(() => page.evaluate(() => globalThis.crossOriginIsolated).catch(() => false)).toBe(true);
}

/** Collects the texts of the progress line until the network is ready. The returned function returns them. */
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
