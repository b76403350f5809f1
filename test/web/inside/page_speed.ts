/**
 * Measures how smoothly channels scroll and how fast layers switch, on a headless page with a real network on
 * WebAssembly.
 */
import type { Browser, Page } from 'playwright-core';
import { cacheDirectory } from '#platform';
import { startPageServer } from '../../../src/server/page_server.ts';
import { WeightsDesk } from '../../../src/server/weights_desk.ts';
import { launchChromium } from '../../harness/chromium.ts';
import { type FrameRate, frameRateOf, longestOf, type Task, traced } from './trace.ts';

/** A bundled X-ray. */
const XRAY = 'b6590e884cd77fd3';
const SCROLL_MS = 3000;
const SWITCHES = [
  'layer1.0.relu',
  'layer2.1.conv2',
  'conv1',
  'layer3.4.bn3',
  'layer4.2.relu',
  'layer1.2.conv3',
  'avgpool',
];

export interface Scrolling extends FrameRate {
  readonly layer: string;
  readonly channels: number;
  readonly dropped: number;
  readonly longestTask: Required<Task>;
}

export interface Switching {
  readonly layer: string;
  /** Time from the change of the address until statistics and thumbnails are on the page. */
  readonly ms: number;
}

export interface PageSpeed {
  /** Time from the start of the page until it first shows something. */
  readonly firstPaintMs: number;
  readonly scrolling: readonly Scrolling[];
  readonly switching: readonly Switching[];
  readonly switchingTask: Required<Task>;
  /** Time from the click on Train until the head is trained: reading, features, epochs. */
  readonly trainingMs: number;
  readonly trainingTask: Required<Task>;
}

export interface PageSpeedRequest {
  /** Contains the built page. */
  readonly folder: string;
  /** Labelled X-rays to train on. */
  readonly xrays: string;
}

export async function measurePageSpeed({ folder, xrays }: PageSpeedRequest): Promise<PageSpeed> {
  const weights = new WeightsDesk({ folder, cacheDir: cacheDirectory() });
  const server = await startPageServer({ folder, host: '127.0.0.1', port: 0, weights });
  const browser: Browser = await launchChromium({ webgpu: false });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(`${server.url}#inspect?image=${XRAY}&layer=layer4`);
    await page
      .locator('[data-testid=layer-ms][data-value], [data-testid=layer-ms]:text("fused")')
      .waitFor({ timeout: 300_000 });
    const firstPaintMs = await page.evaluate(
      () => performance.getEntriesByName('first-contentful-paint')[0]!.startTime,
    );
    const scrolling = [await scroll(page, 'layer4', 2048), await scroll(page, 'layer1', 256)];
    const switching: Switching[] = [];
    const whileSwitching = await traced(page, async () => {
      for (const layer of SWITCHES) switching.push({ layer, ms: await switchTo(page, layer) });
    });
    let trainingMs = Number.NaN;
    const whileTraining = await traced(page, async () => {
      trainingMs = await train(page, xrays);
    });
    return {
      firstPaintMs,
      scrolling,
      switching,
      switchingTask: longestOf(whileSwitching.tasks),
      trainingMs,
      trainingTask: longestOf(whileTraining.tasks),
    };
  } finally {
    await browser.close();
    await server.close();
  }
}

/** Scrolls with the wheel, as a visitor does. */
async function scroll(page: Page, layer: string, channels: number): Promise<Scrolling> {
  await switchTo(page, layer);
  const tiles = page.getByTestId('tiles');
  await tiles.hover();
  const trace = await traced(page, async () => {
    const startedMs = performance.now();
    for (let down = true; performance.now() - startedMs < SCROLL_MS; ) {
      await page.mouse.wheel(0, down ? 60 : -60);
      const { top, most } = await tiles.evaluate(({ scrollTop, scrollHeight, clientHeight }) => ({
        top: scrollTop,
        most: scrollHeight - clientHeight,
      }));
      if (top <= 0) down = true;
      if (top >= most - 1) down = false;
    }
  });
  return { layer, channels, ...frameRateOf(trace), dropped: trace.dropped, longestTask: longestOf(trace.tasks) };
}

function switchTo(page: Page, layer: string): Promise<number> {
  return page.evaluate(async wanted => {
    const startedMs = performance.now();
    const params = new URLSearchParams(location.hash.split('?')[1]);
    params.set('layer', wanted);
    location.hash = `#inspect?${params}`;
    const isThere = () => {
      const path = document.querySelector('[data-testid=layer-path]')?.textContent?.trim() ?? '';
      const isWanted = path === wanted || path.startsWith(`${wanted}.`);
      return isWanted && document.querySelector('[data-testid=layer-mean]') && document.querySelector('.tiles-canvas');
    };
    do await new Promise(requestAnimationFrame);
    while (!isThere());
    return performance.now() - startedMs;
  }, layer);
}

async function train(page: Page, xrays: string): Promise<number> {
  await page.getByRole('link', { name: 'Train' }).click();
  await page.setInputFiles('[data-testid=pick-folder]', xrays);
  await page.getByTestId('train').click();
  const took = page.locator('[data-testid=train-ms][data-value]');
  await took.waitFor({ timeout: 600_000 });
  return Number(await took.getAttribute('data-value'));
}
