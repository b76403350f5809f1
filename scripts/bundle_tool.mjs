// Bundles a TypeScript file from the tests into one that Node can run. The bundle is not published.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { root } from './ensure_installed.mjs';

/** Replaces import.meta.url by each file's own URL, so that files find their neighbours wherever the bundle is. */
const ownAddresses = {
  name: 'own-addresses',
  setup({ onLoad }) {
    onLoad({ filter: /\/(src|test)\/.*\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      return { contents: text.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)), loader: 'ts' };
    });
  },
};

/** Bundles `entry` and returns the bundle's path. Packages stay external; shaders are embedded as text. */
export async function bundleTool(entry) {
  const name = entry.replace(/[^a-z0-9]+/gi, '_').replace(/_ts$/, '');
  const outfile = join(root, 'node_modules/.cache/raycam', `${name}.mjs`);
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    packages: 'external',
    format: 'esm',
    target: 'es2022',
    loader: { '.wgsl': 'text' },
    plugins: [ownAddresses],
    logLevel: 'error',
  });
  return outfile;
}
