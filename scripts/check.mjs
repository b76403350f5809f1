// `npm run check`: types, lint and format, and the import rules of `src`.
import { spawnSync } from 'node:child_process';
import { ensureInstalled, root } from './ensure_installed.mjs';

const CHECKS = [
  ['tsc', '--noEmit', '-p', '.'],
  ['biome', 'ci', '.'],
  ['depcruise', 'src', '--config', '.dependency-cruiser.cjs', '--output-type', 'err'],
];

/** Runs commands of node_modules one after the other. Ends the process with the status of the first that fails. */
export function runSteps(steps) {
  for (const [command, ...args] of steps) {
    const { status } = spawnSync(`${root}/node_modules/.bin/${command}`, args, {
      cwd: root,
      stdio: 'inherit',
      shell: process.platform === 'win32',
    });
    if (status !== 0) process.exit(status ?? 1);
  }
}

export function check() {
  ensureInstalled();
  runSteps(CHECKS);
}

if (process.argv[1] === new URL(import.meta.url).pathname) check();
