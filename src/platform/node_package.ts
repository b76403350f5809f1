import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The path of a file that comes with Raycam: bundled code runs one folder below the package, sources two. */
export function packageFile(path: string): string {
  const candidates = ['../', '../../', '../../../'].map(up => fileURLToPath(new URL(up + path, import.meta.url)));
  return candidates.find(candidate => existsSync(candidate)) ?? candidates[0]!;
}
