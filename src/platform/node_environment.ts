import { resolve } from 'node:path';
import envPaths from 'env-paths';

/** Returns an environment variable; an empty one counts as unset. */
export function environment(name: string): string | undefined {
  return process.env[name] || undefined;
}

/** Returns the folder for downloads and features: RAYCAM_CACHE, otherwise the system's own cache folder. */
export function cacheDirectory(): string {
  const chosen = environment('RAYCAM_CACHE');
  return chosen === undefined ? envPaths('raycam', { suffix: '' }).cache : resolve(chosen);
}
