/** Inspect, Ledger, Train and Kernels, as the page shows them, against what `raycam` says of the same. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '#platform';
import { summaryOf } from '../../src/inference/channel_statistics.ts';
import { temporaryFolder } from '../cli/run.ts';
import { seriousFaults } from './inside/accessibility.ts';
import { type Expected, type ExpectedTraining, expectedOf, expectedTraining, INNER, XRAY } from './inside/expected.ts';
import { numberOf, numbersOf, type OpenSite, openSite } from './open_site.ts';

const temporary = temporaryFolder();
let expected: Expected;
beforeAll(async () => {
  expected = await expectedOf(temporary);
});

describe.each([
  { webgpu: true, adapter: 'swiftshader' },
  { webgpu: false, adapter: 'wasm' },
] as const)('WebGPU $webgpu', ({ webgpu, adapter }) => {
  let site: OpenSite;
  let page: Page;
  let trained: ExpectedTraining;

  beforeAll(async () => {
    site = await openSite({ webgpu });
    trained = await expectedTraining(adapter, join(temporary, adapter));
    page = await site.open('#inspect');
    await page.setInputFiles('[data-testid=pick]', XRAY);
    await page.getByTestId('tiles').waitFor();
  });
  afterAll(() => site?.close());

  const show = (view: string, changes: Record<string, string> = {}) =>
    page.evaluate(
      ([to, more]) => {
        const params = new URLSearchParams(location.hash.split('?')[1]);
        for (const [name, value] of Object.entries(more)) params.set(name, value);
        location.hash = `#${to}?${params}`;
      },
      [view, changes] as const,
    );

  describe('Inspect', () => {
    it('has every layer of the network, with its shape and its parameters', async () => {
      await show('inspect', { layer: INNER });
      await waitForText(page.getByTestId('layer-path'), INNER);
      expect(await numberOf(page, 'parameters')).toBe(128 * 128 * 9);
      expect(await numberOf(page, 'flop')).toBe(2 * 128 * 28 * 28 * 128 * 9);
      expect(await page.getByTestId(`layer-${INNER}`).getAttribute('aria-current')).toBe('true');
      expect(await page.locator('.map-block').count()).toBe(8);
      expect(await page.locator('.skyline-layer').count()).toBe(18);
    });

    it('shows the statistics of `raycam activations`, of the layer and of a channel', async () => {
      const { values } = expected.activations[INNER]!;
      const of = summaryOf(values);
      await page.getByTestId('layer-mean').waitFor();
      for (const name of ['mean', 'std', 'min', 'max'] as const)
        expect(Math.abs((await numberOf(page, `layer-${name}`)) - of[name])).toBeLessThan(1e-4 * of.max);
      await show('inspect', { channel: '77' });
      const channel = summaryOf(values.subarray(77 * 28 * 28, 78 * 28 * 28));
      for (const name of ['mean', 'min', 'max'] as const)
        expect(Math.abs((await numberOf(page, `channel-${name}`)) - channel[name])).toBeLessThan(1e-4 * of.max);
    });

    it('takes a pixel apart, to the digits that it shows', async () => {
      await page.getByTestId('channel-map').click({ position: { x: 60, y: 100 } });
      const { values } = expected.activations[INNER]!;
      const [row, column] = await chosenCell(page, 28);
      const stored = await numberOf(page, 'formula-stored');
      expect(Math.abs(stored - values[(77 * 28 + row) * 28 + column]!)).toBeLessThan(1e-4);
      expect(Math.abs((await numberOf(page, 'formula-value')) - stored)).toBeLessThan(1e-4);
      const [formula, kept] = await page.locator('.formula-end dd:not(.formula-agreement)').allTextContents();
      expect(Math.abs(numberIn(formula!) - numberIn(kept!))).toBeLessThan(2e-4);
      await page.getByTestId('channel-map').press('ArrowRight');
      expect(await chosenCell(page, 28)).toEqual([row, column + 1]);
    });

    it('follows a block to its end: patch, batch norm, shortcut, relu', async () => {
      await show('inspect', { layer: 'layer2.0.relu' });
      await waitForText(page.getByTestId('layer-path'), 'layer2.0.relu');
      const steps = page.locator('.formula-steps > li');
      await steps.nth(3).waitFor();
      expect(await steps.evaluateAll(items => items.map(item => item.getAttribute('data-kind')))).toEqual([
        'convolution',
        'batch norm',
        'add',
        'relu',
      ]);
      expect(Math.abs((await numberOf(page, 'formula-value')) - (await numberOf(page, 'formula-stored')))).toBeLessThan(
        1e-4,
      );
    });

    it('steps through the network by the keyboard, and back by the history', async () => {
      const path = page.getByTestId('layer-path');
      await page.keyboard.press(']');
      await waitForText(path, 'layer2.1.conv1');
      await page.keyboard.press('[');
      await waitForText(path, 'layer2.0.relu');
      await page.keyboard.press('}');
      await waitForText(path, 'layer2.1.relu');
      await page.goBack();
      await waitForText(path, 'layer2.0.relu');
    });

    it('brings the channel of a link into sight', async () => {
      await show('inspect', { layer: 'layer4', channel: '500' });
      const scrolled = () => page.getByTestId('tiles').evaluate(tiles => tiles.scrollTop);
      await expect.poll(scrolled).toBeGreaterThan(1000);
      await page.getByTestId('tiles').press('Home');
      await expect.poll(scrolled).toBeLessThan(20);
    });

    it('sorts channels by mean, by maximum and by their part in the verdict', async () => {
      await show('inspect', { layer: 'layer4', channel: '', pixel: '' });
      await waitForText(page.getByTestId('layer-path'), 'layer4.1.relu');
      const { values } = expected.activations.layer4!;
      const channels = Array.from({ length: 512 }, (_, c) => summaryOf(values.subarray(c * 49, (c + 1) * 49)));
      for (const by of ['mean', 'max'] as const) {
        await page.getByTestId('sort').selectOption(by);
        const largest = channels.reduce((best, one, c) => (one[by] > channels[best]![by] ? c : best), 0);
        expect(await firstTile(page)).toBe(largest);
        expect(await numberOf(page, `channel-${by}`)).toBeCloseTo(channels[largest]![by], 3);
      }
      await page.getByTestId('sort').selectOption('contribution');
      const weights = expected.weights[expected.class]!;
      const contributions = channels.map(({ mean }, c) => mean * weights[c]!);
      const descending = [...contributions].sort((a, b) => b - a);
      expect(contributions[await firstTile(page)]).toBeCloseTo(descending[0]!, 5);
      expect(await numberOf(page, 'channel-contribution')).toBeCloseTo(descending[0]!, 4);
      await page.getByTestId('tiles').press('ArrowRight');
      expect(await numberOf(page, 'channel-contribution')).toBeCloseTo(descending[1]!, 4);
    });

    it('draws the channels themselves, and a histogram of all values', async () => {
      await show('inspect', { layer: 'layer4', sort: 'channel', scale: 'own', channel: '', pixel: '' });
      await page.getByTestId('tiles').press('Home');
      const { values } = expected.activations.layer4!;
      // Tiles are 7 x 7 cells of one colour; inferno's lightness grows with the value.
      const brightness = await page.locator('.tiles-canvas').evaluate(canvas => {
        const room = (canvas as HTMLCanvasElement).width - 24; // as src/web/parts/channel_tiles.tsx lays them out
        const columns = Math.floor((room + 8) / 86);
        const side = Math.floor((room - 8 * (columns - 1)) / columns);
        const { data } = (canvas as HTMLCanvasElement).getContext('2d')!.getImageData(12, 12, side, side);
        const cell = (i: number) => Math.floor(((i + 0.5) * side) / 7);
        return Array.from({ length: 49 }, (_, i) => {
          const at = 4 * (cell(Math.floor(i / 7)) * side + cell(i % 7));
          return data[at]! + data[at + 1]! + data[at + 2]!;
        });
      });
      const [most, least] = [Math.max(...brightness), Math.min(...brightness)];
      const tile = [...values.subarray(0, 49)];
      expect(tile[brightness.indexOf(most)]).toBe(Math.max(...tile));
      expect(tile[brightness.indexOf(least)]! - Math.min(...tile)).toBeLessThan(Math.max(...tile) / 100);
      const bars = await page.locator('[aria-label="Layer"] .histogram rect title').allTextContents();
      expect(bars.reduce((sum, count) => sum + Number(count), 0)).toBe(values.length);
    });
  });

  describe('Ledger', () => {
    it('adds up to the logit, to 1e-4, for each class and for their difference', async () => {
      await show('ledger', { channel: '0' });
      for (const name of ['NORMAL', 'PNEUMONIA', 'Difference']) {
        await page.getByRole('radio', { name }).check();
        const sum = await numberOf(page, 'ledger-sum');
        expect(Math.abs(sum - (await numberOf(page, 'ledger-logit')))).toBeLessThan(1e-4);
      }
      // Of two classes the difference of the logits is the log-odds.
      const { NORMAL, PNEUMONIA } = expected.probabilities;
      expect(Math.abs((await numberOf(page, 'ledger-sum')) - Math.log(PNEUMONIA! / NORMAL!))).toBeLessThan(1e-4);
      expect(await page.getByTestId('masked-class').textContent()).toBe(expected.class);
      expect(
        Math.abs((await numberOf(page, 'masked-probability')) - expected.probabilities[expected.class]!),
      ).toBeLessThan(1e-4);
    });

    it('changes the verdict at once when channels are switched off', async () => {
      await page.getByTestId('order').selectOption('for');
      const before = await numberOf(page, 'ledger-sum');
      const odds = async () =>
        logOdds(await page.getByTestId('masked-class').textContent(), await numberOf(page, 'masked-probability'));
      await waitForFresh(page);
      expect(Math.abs((await odds()) - before)).toBeLessThan(1e-3);
      const one = await firstRow(page);
      const [first] = await numbersOf(page, `contribution-${one}`);
      await page.getByTestId('account-row').first().getByRole('checkbox').uncheck();
      await waitForFresh(page);
      expect(Math.abs((await numberOf(page, 'ledger-sum')) - (before - first!))).toBeLessThan(1e-6);
      expect(Math.abs((await numberOf(page, 'ledger-logit')) - (before - first!))).toBeLessThan(1e-4);
      expect(Math.abs((await odds()) - (before - first!))).toBeLessThan(1e-3);
      const corners = await mapAtCorners(page);
      await page.getByRole('button', { name: '10 strongest for: off' }).click();
      expect(await numberOf(page, 'off-count')).toBe(11);
      await waitForFresh(page);
      // The map is of what is left, on the scale of the whole: as opaque as its value is large.
      const off = new Set(paramOf(page, 'off')!.split(',').map(Number));
      const [left, whole] = [evidenceAtCorners(expected, off), evidenceAtCorners(expected, new Set([Number(one)]))];
      for (const [i, opacity] of (await mapAtCorners(page)).entries()) {
        const ratio = Math.abs(left[i]! / whole[i]!);
        expect(Math.abs(opacity - Math.min(255, corners[i]! * ratio))).toBeLessThan(1 + ratio); // of rounded opacities
      }
      expect(Math.abs((await numberOf(page, 'ledger-sum')) - (await numberOf(page, 'ledger-logit')))).toBeLessThan(
        1e-4,
      );
      await page.getByRole('button', { name: 'All on' }).click();
      await waitForFresh(page);
      expect(Math.abs((await numberOf(page, 'ledger-logit')) - before)).toBeLessThan(1e-4);
    });

    it('shows the map of one channel', async () => {
      await page.getByTestId('account-row').first().getByRole('button').click();
      await page.getByRole('radio', { name: /^Channel \d+ alone/ }).check();
      const caption = await page.locator('.ledger-stage figcaption').textContent();
      expect(caption).toMatch(/^Channel \d+ times its weight/);
      const channel = Number(/\d+/.exec(caption!)![0]);
      const map = [...expected.activations.layer4!.values.subarray(49 * channel, 49 * (channel + 1))];
      const opacities = await opacitiesOf(page);
      expect(opacities.length).toBe(49);
      for (const [i, value] of map.entries())
        expect(Math.abs(opacities[i]! - (255 * value) / Math.max(...map))).toBeLessThan(1.5);
    });
  });

  describe('Train', () => {
    it('learns from a folder what `raycam train` learns, to the byte', async () => {
      await show('train');
      await page.setInputFiles('[data-testid=pick-folder]', trained.folder);
      await waitForText(page.getByTestId('train-source'), 'xrays 8 files');
      await page.getByTestId('train-seed').fill('7');
      await page.getByTestId('train-epochs').fill('5');
      await page.getByTestId('train').click();
      await page.getByTestId('head-hash').waitFor({ timeout: 60_000 });
      expect(await numberOf(page, 'kept-epoch')).toBe(trained.epoch);
      expect(await page.locator('.train-measured').textContent()).toContain(`accuracy ${trained.accuracy.toFixed(4)}`);
      expect(await page.getByTestId('head-hash').textContent()).toBe(trained.sha256);
      expect(await page.locator('.train-charts svg').count()).toBe(4);
      const [, , confusion, roc] = await page.locator('.train-charts svg').allTextContents();
      for (const count of trained.confusion.flat()) expect(confusion).toContain(String(count));
      expect(confusion).toContain(`NORMAL: ${trained.confusion[0]!.join(' called NORMAL, ')} called PNEUMONIA`);
      expect(roc).toContain(`AUROC ${trained.auroc.toFixed(3)}`);
      const points = page.locator('.train-charts > :first-child svg circle');
      expect(await points.count()).toBeGreaterThanOrEqual(2 * 5); // train and test, by epoch
    });

    it('shows what each epoch says, and takes its head into use, from here or from a file', async () => {
      const seen: number[] = [];
      const maps: string[] = [];
      for (const epoch of ['-1', '4']) {
        await page.getByTestId('epoch').fill(epoch);
        await waitForText(
          page.locator('.train-outcome .field > span').first(),
          epoch === '-1' ? 'before the first epoch' : 'after epoch 4',
        );
        seen.push(await numberOf(page, 'epoch-probability'));
        maps.push((await opacitiesOf(page, 0)).join());
      }
      expect(maps[0]).not.toBe(maps[1]);
      expect(seen[0]).not.toBeCloseTo(seen[1]!, 3);
      await page.getByTestId('epoch').fill(String(trained.epoch));
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Save this head' }).click(),
      ]);
      const bytes = await readFile(await file.path());
      expect(await sha256(bytes)).toBe(trained.sha256);
      const kept = await numberOf(page, 'epoch-probability');
      await page.setInputFiles('[data-testid=load-head]', { name: 'mine.safetensors', mimeType: '', buffer: bytes });
      await page.getByText('Verdicts are by mine.safetensors.').waitFor();
      await show('look');
      expect(Math.abs((await numberOf(page, 'probability')) - kept)).toBeLessThan(1e-4);
    });
  });

  describe('Kernels', () => {
    it('shows the WGSL that ran for a layer, and its time', async () => {
      await show('kernels', { layer: 'layer1.0.conv2' });
      await waitForText(page.getByTestId('kernel-path'), 'layer1.0.conv2');
      await page.getByTestId('dispatch').nth(2).waitFor();
      expect(await page.getByTestId('dispatch').allTextContents()).toEqual([
        'winograd_input',
        'winograd_matmul',
        'winograd_output',
      ]);
      const source = await readFile(join(import.meta.dirname, '../../shaders/winograd_input.wgsl'), 'utf8');
      const main = source.slice(source.indexOf('@compute')).split('\n')[0]!;
      expect(await page.getByTestId('wgsl').textContent()).toContain(main);
      const [ms, flop] = [await numberOf(page, 'kernel-ms'), await numberOf(page, 'kernel-flop')];
      expect(flop).toBe(2 * 64 * 56 * 56 * 64 * 9);
      expect(ms).toBeGreaterThan(0);
      expect(await numberOf(page, 'kernel-gflops')).toBeCloseTo(flop / ms / 1e6, 6);
    });

    it('compares other variants by time and error, under the measured roof', async () => {
      // A small one where SwiftShader computes.
      const [layer, other] = webgpu ? ['layer4.0.downsample.0', 'conv2d'] : ['layer4.1.conv1', 'conv2d_3x3'];
      await show('kernels', { layer: layer! });
      await waitForText(page.getByTestId('kernel-path'), layer!);
      await page.getByTestId('compare').click();
      await page.getByTestId('variants').waitFor({ timeout: 60_000 });
      for (const variant of ['engine', other]) {
        expect(await numberOf(page, `variant-${variant}`)).toBeGreaterThan(0);
        expect(await numberOf(page, `variant-error-${variant}`)).toBeLessThan(1e-4);
      }
      const roofline = await page.locator('.roofline svg').textContent();
      expect(roofline).toMatch(/multiply-add [\d.]+ GFLOP\/s/);
      expect(roofline).toContain(`${layer} in the network`);
    });
  });

  // How it looks does not depend on the adapter.
  if (!webgpu)
    it.each([
      ['inspect', { layer: 'layer2.0.conv2', channel: '5', pixel: '100,100' }, 'formula-value'],
      ['ledger', { channel: '3', of: 'channel' }, 'ledger-logit'],
      ['train', {}, 'head-hash'],
      ['kernels', { layer: 'layer1.0.conv2' }, 'kernel-ms'],
    ])(
      '%s has no serious fault of accessibility, light and dark, and fits 1024 and 390 pixels',
      async (view, changes, ready) => {
        await show(view, changes as Record<string, string>);
        await page.getByTestId(ready).waitFor();
        expect(await seriousFaults(page)).toEqual([]);
      },
    );

  it('throws nothing, and asks nothing of any other host', () => {
    expect(site.faults).toEqual([]);
  });
});

async function waitForText(locator: Locator, text: string): Promise<void> {
  await expect.poll(async () => (await locator.textContent())?.trim(), { timeout: 20_000 }).toBe(text);
}

/** The verdict shown is of what is switched on now. */
async function waitForFresh(page: Page): Promise<void> {
  await page.locator('[data-testid=masked-verdict][data-fresh=true]').waitFor();
}

/** Row and column of the pixel that the address names, in a layer of this size. */
async function chosenCell(page: Page, side: number): Promise<number[]> {
  await expect.poll(() => page.url()).toContain('pixel=');
  const pixel = new URLSearchParams(new URL(page.url()).hash.split('?')[1]).get('pixel')!;
  return pixel.split(',').map(place => Math.floor((Number(place) * side) / 224));
}

/** Chooses the first tile; its channel. */
async function firstTile(page: Page): Promise<number> {
  await page.getByTestId('tiles').press('Home');
  return Number(new URLSearchParams(new URL(page.url()).hash.split('?')[1]).get('channel'));
}

function paramOf(page: Page, name: string): string | null {
  return new URLSearchParams(new URL(page.url()).hash.split('?')[1]).get(name);
}

/** Of the map over the X-ray, [side * side], 0..255: on the signed scale the share of the largest value. `channel` 3 is the opacity. */
function opacitiesOf(page: Page, channel = 3): Promise<number[]> {
  return page.locator('canvas.plate-map').evaluate((canvas, c) => {
    const { width, height } = canvas as HTMLCanvasElement;
    const { data } = (canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height);
    return Array.from({ length: width * height }, (_, i) => data[4 * i + c]!);
  }, channel);
}

/** Where the enlarged map has the values of the 7 x 7 map. */
async function mapAtCorners(page: Page): Promise<number[]> {
  const opacities = await opacitiesOf(page);
  return [0, 223, 223 * 224, 224 * 224 - 1].map(i => opacities[i]!);
}

/** PNEUMONIA minus NORMAL, without some channels. */
function evidenceAtCorners({ weights, activations }: Expected, off: ReadonlySet<number>): number[] {
  const { values } = activations.layer4!;
  const difference = Array.from(weights.PNEUMONIA!, (weight, c) => (off.has(c) ? 0 : weight - weights.NORMAL![c]!));
  return [0, 6, 42, 48].map(i => difference.reduce((sum, weight, c) => sum + weight * values[49 * c + i]!, 0));
}

async function firstRow(page: Page): Promise<string> {
  return (await page.getByTestId('account-row').first().locator('a').textContent())!;
}

function numberIn(text: string): number {
  return Number(text.replace('−', '-'));
}

/** Of PNEUMONIA against NORMAL. */
function logOdds(verdict: string | null, probability: number): number {
  const odds = Math.log(probability / (1 - probability));
  return verdict === 'PNEUMONIA' ? odds : -odds;
}
