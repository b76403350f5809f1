import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Download, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeImage } from '#platform';
import { decodeNpy } from '../../src/weights/npy.ts';
import { raycam, records, temporaryFolder } from '../cli/run.ts';
import { bytesOf, tiff } from '../images/files.ts';
import { numberOf, numbersOf, type OpenSite, openSite, smallNetwork, XRAYS } from './open_site.ts';

const [NORMAL, PNEUMONIA] = ['NORMAL', 'PNEUMONIA'];

/** The output of `raycam cam --json --npy` for an X-ray, which the page must match. */
interface Expected {
  readonly class: string;
  readonly probabilities: Record<string, number>;
  /** Values by class: of the 7 x 7 map and of the enlarged one. */
  readonly cam7: Record<string, Float32Array>;
  readonly cam224: Record<string, Float32Array>;
}

const expected: Expected[] = [];
const out = temporaryFolder();

beforeAll(async () => {
  const { weights, head } = await smallNetwork();
  const network = ['--weights', weights, '--head', head, '--adapter', 'wasm', '--json', '--npy', '--quiet'];
  const maps: Expected[] = XRAYS.map(() => ({ class: '', probabilities: {}, cam7: {}, cam224: {} }));
  for (const name of [NORMAL!, PNEUMONIA!]) {
    const ran = await raycam(['cam', ...XRAYS, ...network, '--class', name, '--out', join(out, name)]);
    expect(ran.stderr).toBe('');
    for (const [i, record] of records(ran).entries()) {
      const files = record.files as string[];
      const map = (ending: string) => decodeNpy(readFileSync(files.find(file => file.endsWith(ending))!)).values;
      maps[i] = { ...maps[i]!, class: record.class as string, probabilities: record.probabilities as never };
      maps[i]!.cam7[name] = map('.cam7.npy');
      maps[i]!.cam224[name] = map('.cam224.npy');
    }
  }
  expected.push(...maps);
});

describe.each([
  { webgpu: true, adapter: /\(software\)$/ },
  { webgpu: false, adapter: /WebAssembly, [1-9]\d* threads?$/ },
])('Look, WebGPU $webgpu', ({ webgpu, adapter }) => {
  let site: OpenSite;
  let page: Page;

  beforeAll(async () => {
    site = await openSite({ webgpu });
    page = await site.open('#look');
    await page.setInputFiles('[data-testid=pick]', XRAYS);
    await page.getByTestId('probability').waitFor();
  });
  afterAll(() => site?.close());

  it('shows which adapter computes', async () => {
    expect(await page.getByTestId('engine').textContent()).toMatch(adapter);
    expect(await page.evaluate(() => globalThis.crossOriginIsolated)).toBe(true);
  });

  it('shows the verdict of `raycam cam` for each X-ray, also on the strip', async () => {
    for (const [i, { class: verdict, probabilities }] of expected.entries()) {
      const frame = page.locator('.frame').nth(i);
      await frame.locator('.pick').click();
      await page.getByTestId('verdict-panel').getByText('Computing').waitFor({ state: 'detached' });
      expect(await page.getByTestId('verdict').textContent()).toBe(verdict);
      for (const [name, probability] of Object.entries(probabilities))
        expect(Math.abs((await numberOf(page, `probability-${name}`)) - probability)).toBeLessThan(1e-4);
      const onStrip = frame.locator('.frame-verdict[data-value]');
      await onStrip.waitFor();
      expect(Math.abs(Number(await onStrip.getAttribute('data-value')) - probabilities[verdict]!)).toBeLessThan(1e-4);
    }
  });

  it('shows logits whose softmax equals the probabilities', async () => {
    const [a, b] = [await numberOf(page, `logit-${NORMAL}`), await numberOf(page, `logit-${PNEUMONIA}`)];
    expect(Math.abs(1 / (1 + Math.exp(a - b)) - expected[1]!.probabilities[PNEUMONIA!]!)).toBeLessThan(1e-4);
  });

  it('saves the raw maps of every class, which equal those of `raycam cam`', async () => {
    for (const name of [NORMAL!, PNEUMONIA!]) {
      await page.getByRole('radio', { name }).check();
      const small = decodeNpy(await saved(page, '7 × 7 map'));
      const large = decodeNpy(await saved(page, '224 × 224 map'));
      expect([small.shape, large.shape]).toEqual([
        [7, 7],
        [224, 224],
      ]);
      expect(distance(small.values, expected[1]!.cam7[name]!)).toBeLessThan(1e-3);
      expect(distance(large.values, expected[1]!.cam224[name]!)).toBeLessThan(1e-3);
    }
  });

  it('shows the difference on a scale centred on zero', async () => {
    await page.getByRole('radio', { name: 'Difference' }).check();
    const { values } = decodeNpy(await saved(page, '7 × 7 map'));
    const { cam7, cam224 } = expected[1]!;
    const difference = cam7[PNEUMONIA!]!.map((value, i) => value - cam7[NORMAL!]![i]!);
    expect(distance(values, difference)).toBeLessThan(1e-3);
    const ends = cam224[PNEUMONIA!]!.map((value, i) => Math.abs(value - cam224[NORMAL!]![i]!));
    const [least, , , , greatest] = await scaleTexts(page);
    expect(least).toBe(-greatest!);
    expect(greatest).toBeCloseTo(Math.max(...ends), 1);
  });

  it('shows the raw values where the pointer or the arrow keys put the probe', async () => {
    await page.getByRole('radio', { name: PNEUMONIA! }).check();
    const map = expected[1]!.cam224[PNEUMONIA!]!;
    const view = page.locator('.plate-view');
    const { width, height } = (await view.boundingBox())!;
    await view.click({ position: { x: (width * 60.5) / 224, y: (height * 100.5) / 224 } });
    await page.mouse.move(0, 0);
    expect(await valueAt(page, 'evidence')).toBeCloseTo(map[100 * 224 + 60]!, 3);
    expect(page.url()).toContain('pixel=100%2C60');
    await view.press('ArrowRight');
    await view.press('Shift+ArrowDown');
    expect(await valueAt(page, 'evidence')).toBeCloseTo(map[132 * 224 + 61]!, 3);
    const { pixels } = await decodeImage(await readFile(XRAYS[1]!), 'x');
    expect(await valueAt(page, 'grey')).toBe(pixels[3 * (132 * 224 + 61)]);
    expect(await valueAt(page, 'cell')).toBeCloseTo(expected[1]!.cam7[PNEUMONIA!]![4 * 7 + 2]!, 3);
  });

  it('draws the map with the opacity of the slider and the selected colours', async () => {
    const map = page.locator('.plate-map');
    await page.getByTestId('opacity').fill('80');
    expect(await map.evaluate(canvas => getComputedStyle(canvas).opacity)).toBe('0.8');
    expect(page.url()).toContain('opacity=0.8');
    const before = await colourAt(page, 10, 200);
    await page.getByTestId('colours').selectOption('gray');
    const [r, g, b] = await colourAt(page, 10, 200);
    expect([r, g, b]).not.toEqual(before);
    expect([g, b]).toEqual([r, r]);
    const values = expected[1]!.cam224[PNEUMONIA!]!;
    const share = (values[200 * 224 + 10]! - Math.min(...values)) / (Math.max(...values) - Math.min(...values));
    expect(Math.abs(r! - share * 256)).toBeLessThanOrEqual(1.5);
  });

  it('shows two X-rays side by side, on one scale or on separate scales', async () => {
    await page.locator('.frame').first().hover();
    await page
      .locator('.frame')
      .first()
      .getByRole('button', { name: /^Compare/ })
      .click();
    await page.locator('.stage-plate').nth(1).locator('.plate-map').waitFor();
    const bounds = expected.map(({ cam224 }) => [
      Math.min(...cam224[PNEUMONIA!]!),
      Math.max(...cam224[PNEUMONIA!]!),
    ]) as [number, number][];
    const shared = [Math.min(...bounds.map(([least]) => least)), Math.max(...bounds.map(([, most]) => most))];
    for (const plate of [0, 1]) {
      const texts = await scaleTexts(page, plate);
      expect(texts[0]).toBeCloseTo(shared[0]!, 1);
      expect(texts[4]).toBeCloseTo(shared[1]!, 1);
    }
    await page.getByRole('radio', { name: 'Separate scales' }).check();
    for (const [plate, i] of [1, 0].entries()) {
      const texts = await scaleTexts(page, plate);
      expect(texts[0]).toBeCloseTo(bounds[i]![0], 1);
      expect(texts[4]).toBeCloseTo(bounds[i]![1], 1);
    }
    const evidence = await numbersOf(page, 'evidence');
    expect(evidence[1]).toBeCloseTo(expected[0]!.cam224[PNEUMONIA!]![132 * 224 + 61]!, 3);
  });

  it('saves the numbers, and the picture that `raycam cam` draws', async () => {
    const numbers = JSON.parse(new TextDecoder().decode(await saved(page, 'Numbers')));
    expect(numbers).toMatchObject({
      image: 'person133_bacteria_635.jpeg',
      class: expected[1]!.class,
      camClass: PNEUMONIA,
    });
    expect(numbers.probabilities[PNEUMONIA!]).toBeCloseTo(expected[1]!.probabilities[PNEUMONIA!]!, 4);
    expect(distance(Float32Array.from(numbers.cam.flat()), expected[1]!.cam7[PNEUMONIA!]!)).toBeLessThan(1e-3);
    await page.getByTestId('opacity').fill('50');
    await page.getByTestId('colours').selectOption('inferno');
    const picture = await decodeImage(await saved(page, 'Picture'), 'saved.png');
    const drawn = await decodeImage(
      await readFile(join(out, PNEUMONIA!, 'person133_bacteria_635.cam.png')),
      'drawn.png',
    );
    expect([picture.width, picture.height]).toEqual([drawn.width, drawn.height]);
    const differences = picture.pixels.map((value, i) => Math.abs(value - drawn.pixels[i]!));
    // A value between two colours may be rounded to either; the text differs where a digit differs.
    expect(differences.filter(value => value > 8).length / differences.length).toBeLessThan(1e-3);
  });

  it('reads 12 bits of a 16-bit TIFF as the X-ray that it is, says so, and shows it', async () => {
    const { width, height, pixels } = await decodeImage(await readFile(XRAYS[0]!), 'x');
    const samples = Uint16Array.from({ length: width * height }, (_, i) => pixels[3 * i]! * 16);
    const buffer = Buffer.from(tiff({ width, height, bits: 16, data: bytesOf(samples) }));
    await page.setInputFiles('[data-testid=pick]', { name: 'deep.tif', mimeType: 'image/tiff', buffer });
    await page.getByText('deep.tif: was read as 12 of 16 bits, because no sample needs more').waitFor();
    await page.getByTestId('verdict-panel').first().getByText('Computing').waitFor({ state: 'detached' });
    const { class: verdict, probabilities } = expected[0]!;
    expect(await page.getByTestId('verdict').first().textContent()).toBe(verdict);
    expect(Math.abs((await valueAt(page, 'probability')) - probabilities[verdict]!)).toBeLessThan(1e-4);
    const preview = page.locator('.frame').last().locator('img');
    expect(await preview.evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth))).toBe(
      width,
    );
  });

  it('throws no error and sends no request to another host', () => {
    expect(site.faults).toEqual([]);
  });
});

async function saved(page: Page, button: string): Promise<Uint8Array> {
  const [file] = await Promise.all<[Promise<Download>, Promise<void>]>([
    page.waitForEvent('download'),
    page.getByRole('button', { name: button }).click(),
  ]);
  return new Uint8Array(await readFile(await file.path()));
}

/** Returns the largest difference, relative to the expected values' largest magnitude. */
function distance(got: Float32Array, wanted: Float32Array): number {
  expect(got.length).toBe(wanted.length);
  const scale = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return got.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i]!)), 0) / scale;
}

/** Returns the ticks of a colour bar, smallest first. */
async function scaleTexts(page: Page, plate = 0): Promise<number[]> {
  const texts = await page.locator('.stage-plate').nth(plate).locator('.colour-bar li').allTextContents();
  return texts.map(text => Number(text.replace('−', '-'))).reverse();
}

async function valueAt(page: Page, testId: string): Promise<number> {
  return (await numbersOf(page, testId))[0]!;
}

function colourAt(page: Page, x: number, y: number): Promise<number[]> {
  return page
    .locator('canvas.plate-map')
    .first()
    .evaluate(
      (canvas, at) => [
        ...(canvas as HTMLCanvasElement).getContext('2d')!.getImageData(at.x, at.y, 1, 1).data.slice(0, 3),
      ],
      { x, y },
    );
}
