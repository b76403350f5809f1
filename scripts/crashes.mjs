// Kills `features`, `train` and `weights pull` at random moments.
//   node scripts/crashes.mjs [--kills 105] [--seed 1] [--only features|train|'weights pull']
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureInstalled, root } from './ensure_installed.mjs';

ensureInstalled();
const { ensureBuilt } = await import('./build.mjs');
const { bundleTool } = await import('./bundle_tool.mjs');
await ensureBuilt();
const [makeInputs, pullChild, main] = await Promise.all(
  ['make_inputs', 'pull_child', 'main'].map(name => bundleTool(`test/crashes/${name}.ts`)),
);
const folders = ['inputs', 'work'].map(name => mkdtempSync(join(tmpdir(), `raycam-crashes-${name}-`)));
const [inputs, work] = folders;
try {
  run(makeInputs, inputs);
  process.exitCode = run(main, inputs, join(root, 'dist/cli.js'), pullChild, work, ...process.argv.slice(2));
} finally {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

function run(...args) {
  return spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
}
