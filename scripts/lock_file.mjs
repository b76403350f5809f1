// Checks the packages in the lock file. Each check returns its faults, one per line, or '' if there are none.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './ensure_installed.mjs';

/** Packages whose install scripts are known: both unpack or fetch the platform's binary. */
const MAY_RUN = ['webgpu', 'esbuild'];

function packages() {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return Object.entries(lock.packages).filter(([path]) => path !== '');
}

/** Checks that every package has a hash; its address depends on the registry that npm uses. */
export function lockFileProblem() {
  return packages()
    .filter(([, { integrity }]) => !integrity?.startsWith('sha512-'))
    .map(([path]) => `${path} has no SHA-512`)
    .join('\n');
}

/** Lists deprecated packages; npm writes the authors' deprecation notices into the lock file. */
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
    .map(([path]) => `${path} has an install script. Review it, then add it to MAY_RUN in scripts/lock_file.mjs`)
    .join('\n');
}
