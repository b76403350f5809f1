/** Kernels: what ran, and the alternatives. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../cli/run.ts';
import { numberOf } from '../open_site.ts';
import { type Inside, waitForText } from './inside.ts';

export function kernelsTests(inside: Inside): void {
  describe('Kernels', () => {
    it('shows the WGSL that ran for a layer, and its time', async () => {
      const { page } = inside;
      await inside.show('kernels', { layer: 'layer1.0.conv2' });
      await waitForText(page.getByTestId('kernel-path'), 'layer1.0.conv2');
      await page.getByTestId('dispatch').nth(2).waitFor();
      expect(await page.getByTestId('dispatch').allTextContents()).toEqual([
        'winograd_input',
        inside.webgpu ? 'winograd_matmul_swaps' : 'winograd_matmul_simd',
        'winograd_output',
      ]);
      const source = await readFile(join(root, 'shaders/winograd_input.wgsl'), 'utf8');
      const main = source.slice(source.indexOf('@compute')).split('\n')[0]!;
      expect(await page.getByTestId('wgsl').textContent()).toContain(main);
      const [ms, flop] = [await numberOf(page, 'kernel-ms'), await numberOf(page, 'kernel-flop')];
      expect(flop).toBe(2 * 64 * 56 * 56 * 64 * 9);
      expect(ms).toBeGreaterThan(0);
      expect(await numberOf(page, 'kernel-gflops')).toBeCloseTo(flop / ms / 1e6, 6);
    });

    it('compares the variants by time and error, and draws the measured roofline', async () => {
      const { page } = inside;
      // A small layer on SwiftShader, which is slow.
      const [layer, other] = inside.webgpu ? ['layer4.0.downsample.0', 'conv2d'] : ['layer4.1.conv1', 'conv2d_3x3'];
      await inside.show('kernels', { layer: layer! });
      await waitForText(page.getByTestId('kernel-path'), layer!);
      await page.getByTestId('compare').click();
      await page.getByTestId('variants').waitFor();
      for (const variant of ['engine', other]) {
        expect(await numberOf(page, `variant-${variant}`)).toBeGreaterThan(0);
        expect(await numberOf(page, `variant-error-${variant}`)).toBeLessThan(1e-4);
      }
      const roofline = await page.locator('.roofline svg').textContent();
      expect(roofline).toMatch(/multiply-add [\d.]+ GFLOP\/s/);
      expect(roofline).toContain(`${layer} in the network`);
    });
  });
}
