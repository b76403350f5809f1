/** Compares Ledger with sums over the head's weights. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { numberOf, numbersOf } from '../open_site.ts';
import type { Expected } from './expected.ts';
import { type Inside, opacitiesOf } from './inside.ts';

export function ledgerTests(inside: Inside): void {
  describe('Ledger', () => {
    it('adds up to the logit within 1e-4, for each class and for their difference', async () => {
      const { page, expected } = inside;
      await inside.show('ledger', { channel: '0' });
      for (const name of ['NORMAL', 'PNEUMONIA', 'Difference']) {
        await page.getByRole('radio', { name }).check();
        const sum = await numberOf(page, 'ledger-sum');
        expect(Math.abs(sum - (await numberOf(page, 'ledger-logit')))).toBeLessThan(1e-4);
      }
      // With two classes the difference of the logits is the log-odds.
      const { NORMAL, PNEUMONIA } = expected.probabilities;
      expect(Math.abs((await numberOf(page, 'ledger-sum')) - Math.log(PNEUMONIA! / NORMAL!))).toBeLessThan(1e-4);
      expect(await page.getByTestId('masked-class').textContent()).toBe(expected.class);
      expect(
        Math.abs((await numberOf(page, 'masked-probability')) - expected.probabilities[expected.class]!),
      ).toBeLessThan(1e-4);
    });

    it('changes verdict, sum and map when channels are switched off', async () => {
      const { page, expected } = inside;
      await page.getByTestId('order').selectOption('for');
      await expect.poll(() => isDescending(page)).toBe(true);
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
      await page.getByRole('button', { name: 'Switch off 10 strongest for' }).click();
      expect(await numberOf(page, 'off-count')).toBe(11);
      await waitForFresh(page);
      // The map shows the remaining channels on the scale of all: its opacity is proportional to the value.
      const off = new Set(paramOf(page, 'off')!.split(',').map(Number));
      const [left, whole] = [evidenceAtCorners(expected, off), evidenceAtCorners(expected, new Set([Number(one)]))];
      for (const [i, opacity] of (await mapAtCorners(page)).entries()) {
        const ratio = Math.abs(left[i]! / whole[i]!);
        expect(Math.abs(opacity - Math.min(255, corners[i]! * ratio))).toBeLessThan(1 + ratio); // both opacities are rounded
      }
      expect(Math.abs((await numberOf(page, 'ledger-sum')) - (await numberOf(page, 'ledger-logit')))).toBeLessThan(
        1e-4,
      );
      await page.getByRole('button', { name: 'Switch all on' }).click();
      await waitForFresh(page);
      expect(Math.abs((await numberOf(page, 'ledger-logit')) - before)).toBeLessThan(1e-4);
    });

    it('shows the map of one channel', async () => {
      const { page, expected } = inside;
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
}

/** Waits until the verdict is computed from the channels that are on now. */
async function waitForFresh(page: Page): Promise<void> {
  await page.locator('[data-testid=masked-verdict][data-fresh=true]').waitFor();
}

/** Returns whether the rows are sorted by `for`; until then, the first row is of the old order. */
async function isDescending(page: Page): Promise<boolean> {
  const shown = page.locator('[data-testid^=contribution-][data-value]');
  const values = await shown.evaluateAll(buttons => buttons.map(button => Number(button.getAttribute('data-value'))));
  return values.length > 1 && values.every((value, i) => i === 0 || value <= values[i - 1]!);
}

function paramOf(page: Page, name: string): string | null {
  return new URLSearchParams(new URL(page.url()).hash.split('?')[1]).get(name);
}

/** Returns the opacities at the corners, where the enlarged map has the values of the 7 x 7 map. */
async function mapAtCorners(page: Page): Promise<number[]> {
  const opacities = await opacitiesOf(page);
  return [0, 223, 223 * 224, 224 * 224 - 1].map(i => opacities[i]!);
}

/** Computes PNEUMONIA minus NORMAL at the corners, without some channels. */
function evidenceAtCorners({ weights, activations }: Expected, off: ReadonlySet<number>): number[] {
  const { values } = activations.layer4!;
  const difference = Array.from(weights.PNEUMONIA!, (weight, c) => (off.has(c) ? 0 : weight - weights.NORMAL![c]!));
  return [0, 6, 42, 48].map(i => difference.reduce((sum, weight, c) => sum + weight * values[49 * c + i]!, 0));
}

async function firstRow(page: Page): Promise<string> {
  return (await page.getByTestId('account-row').first().locator('a').textContent())!;
}

/** Returns the log-odds of PNEUMONIA against NORMAL. */
function logOdds(verdict: string | null, probability: number): number {
  const odds = Math.log(probability / (1 - probability));
  return verdict === 'PNEUMONIA' ? odds : -odds;
}
