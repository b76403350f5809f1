// Takes the screenshots in docs/screenshots: every view of the page, light and dark, wide and narrow.
//   node scripts/take_screenshots.mjs [VIEW…]
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import sharp from 'sharp';
import { ensureBuilt } from './build.mjs';
import { buildWeb } from './build_web.mjs';
import { root } from './ensure_installed.mjs';

const OUT = join(root, 'docs/screenshots');
const MAX_BYTES = 200_000;
const SIZES = { wide: { width: 1280, height: 800 }, narrow: { width: 390, height: 844 } };

/** For each picture: the address, the buttons to press, and the element to wait for. */
const PICTURES = {
  welcome: { hash: '#look', ready: '.welcome-samples img' },
  look: { hash: '#look?image=b6590e884cd77fd3', ready: '[data-testid=probability]' },
  difference: {
    hash: '#look?image=b6590e884cd77fd3&map=difference&pixel=170,205&opacity=0.8',
    ready: '[data-testid=probability]',
  },
  compare: {
    hash: '#look?image=b6590e884cd77fd3&with=b870781f73e6f351&map=PNEUMONIA',
    ready: '.stage-plate:nth-child(2) .plate-map',
  },
  ledger: { hash: '#ledger?image=b6590e884cd77fd3', ready: '[data-testid^=contribution-]' },
  inspect: {
    hash: '#inspect?image=b6590e884cd77fd3&layer=layer3.2.conv2',
    ready: '[data-testid=layer-ms][data-value]',
  },
  channel: {
    hash: '#inspect?image=b6590e884cd77fd3&layer=layer4&channel=1863&pixel=144,48',
    ready: '.inspect:has([data-testid=formula-value]) [data-testid=layer-ms]:text("fused")',
  },
  train: {
    hash: '#train?image=b6590e884cd77fd3',
    ready: '[data-testid=epoch-probability]',
    press: ['[data-testid=train-bundled]', '[data-testid=train]'],
  },
  kernels: { hash: '#kernels?image=b6590e884cd77fd3&layer=layer3.2.conv2', ready: '[data-testid=kernel-ms]' },
  variants: {
    hash: '#kernels?image=b6590e884cd77fd3&layer=layer3.2.conv2',
    ready: '[data-testid=variants]',
    press: ['[data-testid=compare]'],
  },
  weights: { hash: '#weights', ready: '[data-testid=stored]' },
};

const wanted = process.argv.slice(2);
await ensureBuilt();
const folder = join(root, `node_modules/.cache/raycam/screenshots_${process.pid}`); // dist/web may be rebuilt meanwhile
await buildWeb({ out: folder });
mkdirSync(OUT, { recursive: true });
const { launchChromium, startPageServer, WeightsDesk, cacheDirectory } = await loadSources();
const server = await startPageServer({
  folder,
  host: '127.0.0.1',
  port: 0,
  weights: new WeightsDesk({ folder, cacheDir: cacheDirectory() }),
});
const browser = await launchChromium({ webgpu: false });
try {
  for (const colorScheme of ['light', 'dark']) {
    const context = await browser.newContext({ colorScheme });
    for (const [name, { hash, ready, press = [] }] of Object.entries(PICTURES)) {
      if (wanted.length > 0 && !wanted.includes(name)) continue;
      for (const [size, viewport] of Object.entries(SIZES)) {
        const page = await context.newPage();
        await page.setViewportSize(viewport);
        await page.goto(server.url + hash);
        await page.locator('[data-testid=engine][data-state=ready]').waitFor({ timeout: 300_000 });
        for (const button of press) await page.locator(button).click();
        await page.locator(ready).first().waitFor({ timeout: 120_000 });
        await page.waitForLoadState('networkidle');
        await keep(`${name}-${colorScheme}-${size}.png`, await page.screenshot());
        await page.close();
      }
    }
    await context.close();
  }
} finally {
  await browser.close();
  await server.close();
  rmSync(folder, { recursive: true });
}

/** Saves a picture with as many colours as fit into the size limit. */
async function keep(name, picture) {
  for (const colours of [256, 128, 64, 32]) {
    const file = await sharp(picture).png({ palette: true, colours, effort: 10, dither: 0.6 }).toBuffer();
    if (file.length > MAX_BYTES && colours > 32) continue;
    writeFileSync(join(OUT, name), file);
    console.log(`${name}  ${Math.round(file.length / 1000)} kB, ${colours} colours`);
    return;
  }
}

/** Bundles and imports the server and the tests' browser, which are TypeScript. */
async function loadSources() {
  const file = join(root, `node_modules/.raycam-screenshots-${process.pid}.mjs`);
  await build({
    absWorkingDir: root,
    stdin: {
      contents: `
        export { launchChromium } from './test/harness/chromium.ts';
        export { startPageServer } from './src/server/page_server.ts';
        export { WeightsDesk } from './src/server/weights_desk.ts';
        export { cacheDirectory } from '#platform';`,
      resolveDir: root,
    },
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    loader: { '.wgsl': 'text' },
    outfile: file,
    logLevel: 'error',
  });
  try {
    return await import(file);
  } finally {
    rmSync(file, { force: true });
  }
}
