// Installs the dependencies if node_modules is missing or differs from the lock file. Needs only Node and npm.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

export function ensureInstalled() {
  const [major] = process.versions.node.split('.').map(Number);
  if (major < 20) fail(`Raycam needs Node 20 or later, got ${process.version}.`);
  if (isInstalled()) return;
  console.error('Installing dependencies (npm ci) …');
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (npm.status !== 0)
    fail('npm ci failed, see above. Check the network and the registry that npm uses, then run this again.');
}

/** Compares the lock file with npm's copy in node_modules, which lists what is actually installed. */
function isInstalled() {
  try {
    const wanted = packagesOf('package-lock.json');
    const present = packagesOf('node_modules/.package-lock.json');
    return Object.entries(wanted).every(
      ([path, { version, optional }]) => path === '' || optional || present[path]?.version === version,
    );
  } catch {
    return false;
  }
}

function packagesOf(file) {
  return JSON.parse(readFileSync(`${root}/${file}`, 'utf8')).packages;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
