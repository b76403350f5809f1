import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { temporaryFolder } from '../cli/run.ts';
import { numbersOf, type OpenSite, openSite, XRAYS } from './open_site.ts';

const folder = temporaryFolder();
let site: OpenSite;
/** The page that the first tests share, in order. */
let page: Page;
beforeAll(async () => {
  site = await openSite({ webgpu: false });
});
afterAll(() => site?.close());

const names = (shown: Page) => shown.locator('.plate-name').allTextContents();

it('restores image, map, position and colours from the address after a reload', async () => {
  page = await site.open('#look');
  await page.setInputFiles('[data-testid=pick]', XRAYS);
  await page.getByTestId('probability').waitFor();
  await page.locator('.frame .pick').nth(1).click();
  await page.getByRole('radio', { name: 'NORMAL' }).check();
  await page.getByTestId('colours').selectOption('jet');
  await page.locator('.plate-view').click({ position: { x: 200, y: 100 } });
  await page.mouse.move(0, 0);
  const before = await numbersOf(page, 'evidence');
  expect(before.length).toBe(1);
  await page.reload();
  await page.getByTestId('probability').waitFor();
  expect(await names(page)).toEqual(['person133_bacteria_635.jpeg']);
  expect(await page.getByRole('radio', { name: 'NORMAL' }).isChecked()).toBe(true);
  expect(await page.getByTestId('colours').inputValue()).toBe('jet');
  expect(await numbersOf(page, 'evidence')).toEqual(before);
  expect(await page.locator('.frame').count()).toBe(2);
});

it('goes back and forward through the images and views that were shown', async () => {
  await page.locator('.frame .pick').nth(0).click();
  await page.locator('.frame .pick').nth(1).click();
  expect(await names(page)).toEqual(['person133_bacteria_635.jpeg']);
  await page.goBack();
  expect(await names(page)).toEqual(['IM-0011-0001.jpeg']);
  await page.goForward();
  await page.getByRole('link', { name: 'Weights' }).click();
  expect(await page.locator('#view-weights').count()).toBe(1);
  await page.goBack();
  expect(await names(page)).toEqual(['person133_bacteria_635.jpeg']);
  await page.close();
});

it('opens a link to bundled X-rays for a new visitor, who can copy the link', async () => {
  const visitor = await site.visitor({ permissions: ['clipboard-read', 'clipboard-write'] });
  const page = await site.open('#look?image=b870781f73e6f351&with=693cac38eaf6ce0e&map=difference', visitor);
  await page.getByTestId('probability').nth(1).waitFor();
  expect(await names(page)).toEqual(['IM-0011-0001.jpeg', 'IM-0039-0001.jpeg']);
  expect(await page.getByRole('radio', { name: 'Difference' }).isChecked()).toBe(true);
  await page.getByRole('button', { name: 'Copy link' }).click();
  await page.getByRole('button', { name: 'Link copied' }).waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(page.url());
  await visitor.close();
});

it('restores a layer, a channel, a pixel and the channels that are off from a link, a reload and the history', async () => {
  const visitor = await site.visitor();
  const page = await site.open(
    '#inspect?image=b870781f73e6f351&layer=layer2.0.conv2&channel=77&pixel=100,60&sort=max',
    visitor,
  );
  const expectShown = async () => {
    await page.getByTestId('formula-value').waitFor();
    expect((await page.getByTestId('layer-path').textContent())?.trim()).toBe('layer2.0.conv2');
    expect(await page.locator('.formula-head h2').textContent()).toBe(
      'How one pixel is computed: channel 77, row 12, column 7',
    );
    expect(await page.getByTestId('sort').inputValue()).toBe('max');
    return numbersOf(page, 'formula-value');
  };
  const first = await expectShown();
  expect(first.length).toBe(1);
  await page.reload();
  expect(await expectShown()).toEqual(first);
  await page.evaluate(() => {
    location.hash = location.hash.replace('#inspect', '#ledger').concat('&off=3,5,8');
  });
  await page.locator('[data-testid=off-count][data-value="3"]').waitFor();
  await page.reload();
  await page.locator('[data-testid=off-count][data-value="3"]').waitFor();
  await page.goBack();
  expect(await expectShown()).toEqual(first);
  await visitor.close();
});

it('reports a link to an X-ray that is not on this computer, and shows no verdict', async () => {
  const page = await site.visit('#look?image=fb23cb9b9b9c1c3a', await site.visitor());
  await page.getByText('The X-ray of this link is not on this computer.').waitFor();
  expect(await page.getByText('fb23cb9b9b9c1c3a').count()).toBe(1);
  expect(await page.getByTestId('probability').count()).toBe(0);
  await page.context().close();
});

it('accepts picked, dropped and pasted X-rays, and reports a file that is not an image', async () => {
  const broken = join(folder, 'notes.png');
  copyFileSync('package.json', broken);
  const page = await site.visit('#look', await site.visitor());
  await page.setInputFiles('[data-testid=pick]', [broken, XRAYS[0]!]);
  await page.locator('.plate-name').waitFor();
  expect(await names(page)).toEqual(['IM-0011-0001.jpeg']);
  const fault = await page.locator('.strip-faults p').textContent();
  expect(fault).toMatch(/^notes\.png: .+/);
  await page.getByRole('button', { name: 'Dismiss' }).click();
  expect(await page.locator('.strip-faults').count()).toBe(0);
  for (const type of ['drop', 'paste'] as const) {
    await page.evaluate(async kind => {
      const address = (await (await fetch('raycam.json')).json()).images[kind === 'drop' ? 3 : 4].url;
      const blob = await (await fetch(address)).blob();
      const data = new DataTransfer();
      data.items.add(new File([blob], `${kind}.jpeg`, { type: 'image/jpeg' }));
      window.dispatchEvent(
        kind === 'drop'
          ? new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })
          : new ClipboardEvent('paste', { clipboardData: data, bubbles: true }),
      );
    }, type);
    await page.locator('.plate-name', { hasText: `${type}.jpeg` }).waitFor();
  }
  await page.context().close();
});

it('throws no error and sends no request to another host', () => {
  expect(site.faults).toEqual([]);
});
