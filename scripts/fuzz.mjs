// Fuzzes every parser on all cores.
//   node scripts/fuzz.mjs [--runs 200000] [--seed 1] [--target NAME] [--jobs 2] [--json]
import { spawnSync } from 'node:child_process';
import { ensureInstalled } from './ensure_installed.mjs';

ensureInstalled();
const { bundleTool } = await import('./bundle_tool.mjs');
const bundle = await bundleTool('test/fuzz/main.ts');
const { status } = spawnSync(process.execPath, [bundle, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exitCode = status ?? 1;
