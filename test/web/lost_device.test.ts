/** Devices that are lost while the page computes or is idle. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '#platform';
import { temporaryFolder } from '../cli/run.ts';
import { smallFolder } from './inside/expected.ts';
import { numberOf, type OpenSite, openSite, ready, XRAYS } from './open_site.ts';

/**
 * Runs in the engine's worker before its own script, and keeps references to the devices and threads that it creates.
 */
const HOLD = `
  globalThis.devices = []; globalThis.threads = [];
  const request = globalThis.GPUAdapter?.prototype.requestDevice;
  if (request) GPUAdapter.prototype.requestDevice = async function (...args) {
    const device = await request.apply(this, args);
    const lost = device.lost.then(({ reason, message }) => ({ reason: device.wasReset ? 'unknown' : reason, message }));
    Object.defineProperty(device, 'lost', { value: lost });
    devices.push(device);
    return device;
  };
  const Thread = Worker;
  globalThis.Worker = class extends Thread { constructor(...args) { super(...args); threads.push(this); } };
  globalThis.lose = () => {
    if (devices.length > 0) {
      devices.at(-1).wasReset = true;
      devices.at(-1).destroy();
    } else threads.at(-1).dispatchEvent(new ErrorEvent('error', { message: 'the thread ended' }));
  };
`;

interface Held {
  lose(): void;
}

const engineOf = (page: Page) => page.workers().find(worker => worker.url().includes('/engine-'))!;

/** Loses the device of a page, as a driver reset or a crashed thread would. */
async function loseDevice(page: Page): Promise<void> {
  await engineOf(page).evaluate(() => (globalThis as unknown as Held).lose());
}

/** Loses the device as soon as `method` is called: the engine has then submitted its work, and waits for the result. */
async function loseDeviceDuring(page: Page, method: string): Promise<void> {
  await engineOf(page).evaluate(wanted => {
    globalThis.addEventListener('message', function wait({ data }: MessageEvent) {
      if (data.method !== wanted) return;
      globalThis.removeEventListener('message', wait);
      (globalThis as unknown as Held).lose();
    });
  }, method);
}

const LOST = /^The device was lost \(.*\)\. Reopening it\.$/;

/** Opens a page for a new visitor, with `HOLD` in its engine. */
async function openHeld(site: OpenSite, hash: string): Promise<Page> {
  const visitor = await site.visitor({ serviceWorkers: 'block' });
  await visitor.route('**/assets/engine-*.js', async route => {
    const response = await route.fetch();
    await route.fulfill({ response, body: HOLD + (await response.text()) });
  });
  return site.open(hash, visitor);
}

const trainingFolder = temporaryFolder();

describe.each([{ webgpu: true }, { webgpu: false }])('a lost device, WebGPU $webgpu', ({ webgpu }) => {
  let site: OpenSite;
  beforeAll(async () => {
    site = await openSite({ webgpu });
  });
  afterAll(() => site?.close());

  if (!webgpu)
    // on SwiftShader, the tests below reopen a device
    it('is reopened automatically once; a second loss is an error without a score', async () => {
      const page = await openHeld(site, '#look');
      await page.setInputFiles('[data-testid=pick]', XRAYS[0]!);
      const before = await numberOf(page, 'probability');
      const notices = collectNotices(page);
      await loseDevice(page);
      await page.locator('[data-testid=engine]:not([data-state=ready])').waitFor();
      expect(await page.getByTestId('probability').count()).toBe(0);
      await ready(page);
      expect(Math.abs((await numberOf(page, 'probability')) - before)).toBeLessThan(1e-6);
      expect((await notices()).filter(text => LOST.test(text)).length).toBe(1);

      await loseDevice(page);
      await page.getByText('device: was lost a second time').waitFor();
      expect(await page.getByTestId('probability').count()).toBe(0);
      expect(await page.locator('.frame-verdict').textContent()).toBe('no verdict');
      await page.getByRole('button', { name: 'Try again' }).click();
      expect(Math.abs((await numberOf(page, 'probability')) - before)).toBeLessThan(1e-6);
      await page.context().close();
    });

  /** An action for each engine method: makes the page call the method, and returns a number or a text of the result. */
  const requests: Record<string, (page: Page) => Promise<number | string>> = {
    evidence: async page => {
      await page.getByRole('link', { name: 'Look', exact: true }).click();
      return numberOf(page, 'logit-PNEUMONIA');
    },
    ...(!webgpu && {
      ledger: async page => {
        await page.getByRole('link', { name: 'Ledger' }).click();
        return numberOf(page, 'ledger-logit');
      },
      picture: async page => {
        await page.getByRole('link', { name: 'Look', exact: true }).click();
        const button = page.getByRole('button', { name: 'Picture' });
        const [file] = await Promise.all([page.waitForEvent('download'), button.click()]);
        return sha256(readFileSync(await file.path()));
      },
      train: async page => {
        await page.getByRole('link', { name: 'Train' }).click();
        await page.setInputFiles('[data-testid=pick-folder]', smallFolder(trainingFolder));
        await page.getByTestId('train').click();
        return (await page.getByTestId('head-hash').textContent())!;
      },
    }),
  };

  it.each(Object.keys(requests))('does not change the result of %s when lost during it', async method => {
    const page = await openHeld(site, '#train');
    await page.setInputFiles('[data-testid=pick]', XRAYS[1]!);
    await page.locator('.frame-verdict[data-value]').waitFor();
    const notices = collectNotices(page);
    await loseDeviceDuring(page, method);
    const answer = await requests[method]!(page);
    expect((await notices()).filter(text => LOST.test(text)).length).toBe(1);

    await page.goto(`${site.url}#train?${new URLSearchParams(new URL(page.url()).hash.split('?')[1])}`);
    await page.reload();
    await ready(page);
    expect(await requests[method]!(page)).toBe(answer);
    await page.context().close();
  });
});

/** Collects the texts of the notice from now on. The returned function returns them. */
function collectNotices(page: Page): () => Promise<string[]> {
  const started = page.evaluate(() => {
    const held = globalThis as unknown as { notices: Set<string> };
    held.notices = new Set();
    setInterval(() => {
      const text = document.querySelector('[data-testid=notice]')?.textContent;
      if (text) held.notices.add(text);
    }, 2);
  });
  return async () => {
    await started;
    return page.evaluate(() => [...(globalThis as unknown as { notices: Set<string> }).notices]);
  };
}
