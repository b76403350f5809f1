/** Compares Train with `raycam train`. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { sha256 } from '#platform';
import { numberOf, ready } from '../open_site.ts';
import { type Inside, opacitiesOf, waitForText } from './inside.ts';

export function trainTests(inside: Inside): void {
  describe('Train', () => {
    it('trains the same head as `raycam train` on a folder, byte for byte', async () => {
      const { page, trained } = inside;
      await inside.show('train');
      await page.setInputFiles('[data-testid=pick-folder]', trained.folder);
      await waitForText(page.getByTestId('train-source'), 'xrays 8 files');
      await page.getByTestId('train-seed').fill('7');
      await page.getByTestId('train-epochs').fill('5');
      await page.getByTestId('train').click();
      await page.getByTestId('head-hash').waitFor();
      expect(await numberOf(page, 'kept-epoch')).toBe(trained.epoch);
      expect(await page.locator('.train-measured').textContent()).toContain(`accuracy ${trained.accuracy.toFixed(4)}`);
      expect(await page.getByTestId('head-hash').textContent()).toBe(trained.sha256);
      expect(await page.locator('.train-charts svg').count()).toBe(4);
      const [, , confusion, roc] = await page.locator('.train-charts svg').allTextContents();
      for (const count of trained.confusion.flat()) expect(confusion).toContain(String(count));
      expect(confusion).toContain(
        `NORMAL: ${trained.confusion[0]!.join(' predicted as NORMAL, ')} predicted as PNEUMONIA`,
      );
      expect(roc).toContain(`AUROC ${trained.auroc.toFixed(3)}`);
      const points = page.locator('.train-charts > :first-child svg circle');
      expect(await points.count()).toBeGreaterThanOrEqual(2 * 5); // train and test of each epoch
    });

    it('shows the verdict of each epoch, saves a head, and uses it from the file', async () => {
      const { page, trained } = inside;
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
      await page.getByText('Verdicts use mine.safetensors.').waitFor();
      await inside.show('look');
      expect(Math.abs((await numberOf(page, 'probability')) - kept)).toBeLessThan(1e-4);
    });

    if (!inside.webgpu)
      it('shows a finished training after its head is used, but not after the same network is reopened', async () => {
        const { site, trained } = inside;
        const page = await site.open('#train', await site.visitor());
        await page.setInputFiles('[data-testid=pick-folder]', trained.folder);
        await page.getByTestId('train-epochs').fill('1');
        await page.getByTestId('train').click();
        await page.getByRole('button', { name: 'Use it for verdicts' }).click();
        await page.getByText('Verdicts now use the head after epoch 0.').waitFor();
        await page.getByText('Verdicts use head.safetensors.').waitFor();
        expect(await page.getByTestId('head-hash').count()).toBe(1);

        await page.getByRole('link', { name: 'Weights' }).click();
        await page.getByTestId('threads').fill('1');
        await page.getByTestId('threads').press('Enter');
        await page.getByTestId('adapter').filter({ hasText: '1 thread' }).waitFor();
        await ready(page);
        await page.getByRole('link', { name: 'Train' }).click();
        await page.getByText('The curves, the confusion matrix and the ROC curve appear here').waitFor();
        expect(await page.getByTestId('head-hash').count()).toBe(0);
        await page.context().close();
      });
  });
}
