/** The state that the tests of the views share: one page on one adapter, and the results of `raycam`. */
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { type OpenSite, openSite } from '../open_site.ts';
import { type Expected, type ExpectedTraining, expectedTraining, XRAY } from './expected.ts';

/** One page and its expected results. `open` fills them in before the first test. */
export class Inside {
  site!: OpenSite;
  page!: Page;
  expected!: Expected;
  trained!: ExpectedTraining;

  constructor(
    readonly webgpu: boolean,
    readonly adapter: 'wasm' | 'swiftshader',
    readonly temporary: string,
  ) {}

  async open(expected: Expected): Promise<void> {
    this.expected = expected;
    this.site = await openSite({ webgpu: this.webgpu });
    this.trained = await expectedTraining(this.adapter, join(this.temporary, this.adapter));
    this.page = await this.site.open('#inspect');
    await this.page.setInputFiles('[data-testid=pick]', XRAY);
    await this.page.getByTestId('tiles').waitFor();
  }

  /** Goes to a view, and changes some values of the address. */
  show(view: string, changes: Record<string, string> = {}): Promise<void> {
    return this.page.evaluate(
      ([to, more]) => {
        const params = new URLSearchParams(location.hash.split('?')[1]);
        for (const [name, value] of Object.entries(more)) params.set(name, value);
        location.hash = `#${to}?${params}`;
      },
      [view, changes] as const,
    );
  }
}

export async function waitForText(locator: Locator, text: string): Promise<void> {
  await expect.poll(async () => (await locator.textContent())?.trim()).toBe(text);
}

/**
 * Returns a colour channel of the map over the X-ray, [side * side], 0..255. `channel` 3 is the opacity, which on the
 * signed scale is the value relative to the largest one.
 */
export function opacitiesOf(page: Page, channel = 3): Promise<number[]> {
  return page.locator('canvas.plate-map').evaluate((canvas, c) => {
    const { width, height } = canvas as HTMLCanvasElement;
    const { data } = (canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height);
    return Array.from({ length: width * height }, (_, i) => data[4 * i + c]!);
  }, channel);
}
