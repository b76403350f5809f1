// What the lock file says of the packages that Raycam is made of. Each returns the faults, one a line; '' is none.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './ensure_installed.mjs';

/** Run programs of their own when they are installed: both unpack or fetch the binary for the platform. */
const MAY_RUN = ['webgpu', 'esbuild'];

function packages() {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return Object.entries(lock.packages).filter(([path]) => path !== '');
}

/** Every package by its hash; addresses are left to the registry that npm is set to. */
export function lockFileProblem() {
  return packages()
    .filter(([, { integrity }]) => !integrity?.startsWith('sha512-'))
    .map(([path]) => `${path} has no SHA-512`)
    .join('\n');
}

/** npm writes into the lock file what their authors say against them. */
export function deprecatedPackages() {
  return packages()
    .filter(([, { deprecated }]) => deprecated !== undefined)
    .map(([path, { deprecated }]) => `${path}: ${deprecated}`)
    .join('\n');
}

export function installScriptProblem() {
  return packages()
    .filter(
      ([path, { hasInstallScript }]) => hasInstallScript && !MAY_RUN.includes(path.replace(/^.*node_modules\//, '')),
    )
    .map(([path]) => `${path} runs a program when it is installed. Look at it, then name it in scripts/lock_file.mjs`)
    .join('\n');
}
