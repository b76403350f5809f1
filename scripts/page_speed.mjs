// Frames per second while channels scroll, how long a layer takes to appear, and training on 40 X-rays: node scripts/page_speed.mjs
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled, root } from './ensure_installed.mjs';

ensureInstalled();
const { buildWeb } = await import('./build_web.mjs');
const { bundleTool } = await import('./bundle_tool.mjs');

const temporary = join(root, `node_modules/.cache/raycam/page_speed_${process.pid}`);
const [folder, xrays] = [join(temporary, 'web'), join(temporary, 'xrays')];
await buildWeb({ out: folder });
for (const [split, count] of Object.entries({ train: 14, test: 6 }))
  for (const label of ['NORMAL', 'PNEUMONIA']) {
    const from = join(root, 'sample/chest_xray', split, label);
    mkdirSync(join(xrays, split, label), { recursive: true });
    for (const name of readdirSync(from).slice(0, count)) cpSync(join(from, name), join(xrays, split, label, name));
  }
const { measurePageSpeed } = await import(await bundleTool('test/web/inside/page_speed.ts'));
const { scrolling, switching, trainingMs } = await measurePageSpeed({ folder, xrays });
rmSync(temporary, { recursive: true });
for (const { layer, channels, framesPerSecond, longestMs } of scrolling)
  console.log(
    `scrolling ${channels} channels of ${layer}: ${framesPerSecond.toFixed(1)} frames/s, longest ${longestMs.toFixed(0)} ms`,
  );
for (const { layer, ms } of switching) console.log(`switching to ${layer}: ${ms.toFixed(0)} ms`);
console.log(`training on 40 X-rays: ${(trainingMs / 1000).toFixed(1)} s`);
