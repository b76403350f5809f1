// Measures the page with the browser's own trace: frames per second while channels scroll, the time until a layer
// appears, the longest tasks of the page's thread, and training on 40 X-rays. Fails if the page is too slow.
//   node scripts/page_speed.mjs
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled, root } from './ensure_installed.mjs';

const MIN_FRAMES_PER_SECOND = 30;
const MAX_MS = { paint: 1000, switch: 300, task: 100, training: 60_000 };

ensureInstalled();
const { buildWeb } = await import('./build_web.mjs');
const { bundleTool } = await import('./bundle_tool.mjs');

const temporary = join(root, `node_modules/.cache/raycam/page_speed_${process.pid}`);
const [folder, xrays] = [join(temporary, 'web'), join(temporary, 'xrays')];
const speed = await measured();

const faults = [];
const say = (text, isGood) => {
  console.log(text);
  if (!isGood) faults.push(text);
};
const ofTask = ({ ms, cpuMs }) => `longest task ${cpuMs.toFixed(0)} ms of CPU time, ${ms.toFixed(0)} ms of wall time`;
const isShort = ({ cpuMs }) => cpuMs < MAX_MS.task; // wall time would include other programs

say(`first paint: ${speed.firstPaintMs.toFixed(0)} ms`, speed.firstPaintMs < MAX_MS.paint);
for (const { layer, channels, framesPerSecond, longestMs, dropped, longestTask } of speed.scrolling)
  say(
    `scrolling ${channels} channels of ${layer}: ${framesPerSecond.toFixed(1)} frames/s presented, at most ${longestMs.toFixed(0)} ms between two frames, ${dropped} dropped; ${ofTask(longestTask)}`,
    framesPerSecond >= MIN_FRAMES_PER_SECOND && isShort(longestTask),
  );
for (const { layer, ms } of speed.switching) say(`switching to ${layer}: ${ms.toFixed(0)} ms`, ms < MAX_MS.switch);
say(`switching: ${ofTask(speed.switchingTask)}`, isShort(speed.switchingTask));
say(
  `training on 40 X-rays: ${(speed.trainingMs / 1000).toFixed(1)} s; ${ofTask(speed.trainingTask)}`,
  speed.trainingMs < MAX_MS.training && isShort(speed.trainingTask),
);
if (faults.length > 0) {
  console.error(`page_speed: ${faults.length} of the measurements above are too slow:`);
  for (const fault of faults) console.error(`  ${fault}`);
  process.exitCode = 1;
}

async function measured() {
  try {
    await buildWeb({ out: folder });
    for (const [split, count] of Object.entries({ train: 14, test: 6 }))
      for (const label of ['NORMAL', 'PNEUMONIA']) {
        const from = join(root, 'sample/chest_xray', split, label);
        mkdirSync(join(xrays, split, label), { recursive: true });
        for (const name of readdirSync(from).slice(0, count)) cpSync(join(from, name), join(xrays, split, label, name));
      }
    const { measurePageSpeed } = await import(await bundleTool('test/web/inside/page_speed.ts'));
    return await measurePageSpeed({ folder, xrays });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
