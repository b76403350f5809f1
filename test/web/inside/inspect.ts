/** Compares Inspect with `raycam activations` and `raycam predict`. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { summaryOf } from '../../../src/inspection/channel_statistics.ts';
import { numberOf } from '../open_site.ts';
import { INNER } from './expected.ts';
import { type Inside, waitForText } from './inside.ts';

export function inspectTests(inside: Inside): void {
  describe('Inspect', () => {
    it('lists every layer of the network, and shows the parameters and FLOP of one', async () => {
      const { page } = inside;
      await inside.show('inspect', { layer: INNER });
      await waitForText(page.getByTestId('layer-path'), INNER);
      expect(await numberOf(page, 'parameters')).toBe(128 * 128 * 9);
      expect(await numberOf(page, 'flop')).toBe(2 * 128 * 28 * 28 * 128 * 9);
      expect(await page.getByTestId(`layer-${INNER}`).getAttribute('aria-current')).toBe('true');
      expect(await page.locator('.map-block').count()).toBe(8);
      expect(await page.locator('.skyline-layer').count()).toBe(18);
    });

    it('shows the statistics of `raycam activations` for the layer and for a channel', async () => {
      const { page, expected } = inside;
      const { values } = expected.activations[INNER]!;
      const of = summaryOf(values);
      await page.getByTestId('layer-mean').waitFor();
      for (const name of ['mean', 'std', 'min', 'max'] as const)
        expect(Math.abs((await numberOf(page, `layer-${name}`)) - of[name])).toBeLessThan(1e-4 * of.max);
      await inside.show('inspect', { channel: '77' });
      const channel = summaryOf(values.subarray(77 * 28 * 28, 78 * 28 * 28));
      for (const name of ['mean', 'min', 'max'] as const)
        expect(Math.abs((await numberOf(page, `channel-${name}`)) - channel[name])).toBeLessThan(1e-4 * of.max);
    });

    it('shows the formula of a pixel, equal to the stored value in the digits shown', async () => {
      const { page, expected } = inside;
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

    it('shows all steps of the formula at the end of a block: convolution, batch norm, shortcut, relu', async () => {
      const { page } = inside;
      await inside.show('inspect', { layer: 'layer2.0.relu' });
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

    it('steps through the network by keyboard, and goes back through the history', async () => {
      const { page } = inside;
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

    it('scrolls to the channel of a link', async () => {
      const { page } = inside;
      await inside.show('inspect', { layer: 'layer4', channel: '500' });
      const scrolled = () => page.getByTestId('tiles').evaluate(tiles => tiles.scrollTop);
      await expect.poll(scrolled).toBeGreaterThan(1000);
      await page.getByTestId('tiles').press('Home');
      await expect.poll(scrolled).toBeLessThan(20);
    });

    it('sorts channels by mean, by maximum and by contribution to the verdict', async () => {
      const { page, expected } = inside;
      await inside.show('inspect', { layer: 'layer4', channel: '', pixel: '' });
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

    it('draws the channels, and a histogram of all values', async () => {
      const { page, expected } = inside;
      await inside.show('inspect', { layer: 'layer4', sort: 'channel', scale: 'own', channel: '', pixel: '' });
      await page.getByTestId('tiles').press('Home');
      const { values } = expected.activations.layer4!;
      // A thumbnail has 7 x 7 cells of one colour; inferno's lightness grows with the value.
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
}

/** Returns row and column of the pixel in the address, in a layer of this width and height. */
async function chosenCell(page: Page, side: number): Promise<number[]> {
  await expect.poll(() => page.url()).toContain('pixel=');
  const pixel = new URLSearchParams(new URL(page.url()).hash.split('?')[1]).get('pixel')!;
  return pixel.split(',').map(place => Math.floor((Number(place) * side) / 224));
}

/** Selects the first thumbnail. Returns its channel. */
async function firstTile(page: Page): Promise<number> {
  await page.getByTestId('tiles').press('Home');
  return Number(new URLSearchParams(new URL(page.url()).hash.split('?')[1]).get('channel'));
}

function numberIn(text: string): number {
  return Number(text.replace('−', '-'));
}
