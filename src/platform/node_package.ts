import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Returns the path of a file shipped with Raycam. Bundles run one or two folders below the package root, sources two.
 */
export function packageFile(path: string): string {
  const candidates = ['../', '../../', '../../../'].map(up => fileURLToPath(new URL(up + path, import.meta.url)));
  return candidates.find(candidate => existsSync(candidate)) ?? candidates[0]!;
}
