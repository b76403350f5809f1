import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { temporaryFolder } from '../cli/run.ts';
import { numbersOf, type OpenSite, openSite, XRAYS } from './open_site.ts';

const folder = temporaryFolder();
let site: OpenSite;
/** Of the first tests, one after the other. */
let page: Page;
beforeAll(async () => {
  site = await openSite({ webgpu: false });
});
afterAll(() => site?.close());

const names = (shown: Page) => shown.locator('.plate-name').allTextContents();

it('an address brings back image, map, place and colours, after a reload too', async () => {
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

it('back and forward go through what was looked at', async () => {
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

it('a link to bundled X-rays shows them to somebody who has not seen them, and can be copied on', async () => {
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

it('a link leads to a layer, a channel and a pixel, and to what the ledger leaves out; reload and back lead there again', async () => {
  const visitor = await site.visitor();
  const page = await site.open(
    '#inspect?image=b870781f73e6f351&layer=layer2.0.conv2&channel=77&pixel=100,60&sort=max',
    visitor,
  );
  const isThere = async () => {
    await page.getByTestId('formula-value').waitFor();
    expect((await page.getByTestId('layer-path').textContent())?.trim()).toBe('layer2.0.conv2');
    expect(await page.locator('.formula-head h2').textContent()).toBe(
      'How one pixel came about: channel 77, row 12, column 7',
    );
    expect(await page.getByTestId('sort').inputValue()).toBe('max');
    return numbersOf(page, 'formula-value');
  };
  const first = await isThere();
  expect(first.length).toBe(1);
  await page.reload();
  expect(await isThere()).toEqual(first);
  await page.evaluate(() => {
    location.hash = location.hash.replace('#inspect', '#ledger').concat('&off=3,5,8');
  });
  await page.locator('[data-testid=off-count][data-value="3"]').waitFor();
  await page.reload();
  await page.locator('[data-testid=off-count][data-value="3"]').waitFor();
  await page.goBack();
  expect(await isThere()).toEqual(first);
  await visitor.close();
});

it('a link to an X-ray that is not here says so, and shows no verdict', async () => {
  const page = await site.visit('#look?image=fb23cb9b9b9c1c3a', await site.visitor());
  await page.getByText('The X-ray of this link is not on this computer.').waitFor();
  expect(await page.getByText('fb23cb9b9b9c1c3a').count()).toBe(1);
  expect(await page.getByTestId('probability').count()).toBe(0);
  await page.context().close();
});

it('X-rays can be picked, dropped and pasted; a file that is none is refused in a sentence', async () => {
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

it('nothing went wrong on the way', () => {
  expect(site.faults).toEqual([]);
});
