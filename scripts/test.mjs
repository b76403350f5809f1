// `npm test`: checks types and lint, then runs every test. Arguments go to vitest.
import { spawnSync } from 'node:child_process';
import { ensureInstalled, root } from './ensure_installed.mjs';

ensureInstalled();
const steps = [
  ['tsc', '--noEmit', '-p', '.'],
  ['biome', 'ci', '.'],
  ['vitest', 'run', ...process.argv.slice(2)],
];
for (const [command, ...args] of steps) {
  const { status } = spawnSync(`${root}/node_modules/.bin/${command}`, args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exit(status ?? 1);
}
