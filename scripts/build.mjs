// Bundles the library and the command line into dist/. Dependencies stay external; shaders are embedded as text.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './ensure_installed.mjs';
import { withoutNode } from './without_node.mjs';

const COMMON = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  sourcemap: 'linked',
  // Codecs of DICOM files: browsers get their WebAssembly inside the script.
  loader: { '.wgsl': 'text', '.wasm': 'binary' },
  logLevel: 'error',
};

/** Drops unused source modules (they count as free of side effects); packages stay external. */
const onlyUsed = {
  name: 'only-used',
  setup(build) {
    build.onResolve({ filter: /./ }, async ({ path, kind, resolveDir, importer, pluginData }) => {
      if (kind === 'entry-point' || pluginData === onlyUsed) return undefined;
      if (!/^[.#]/.test(path)) return { path, external: true, sideEffects: false };
      const found = await build.resolve(path, { kind, resolveDir, importer, pluginData: onlyUsed });
      return { path: found.path, errors: found.errors, sideEffects: false };
    });
  },
};

/**
 * Imports all case tables statically. By dynamic imports, esbuild splits every table and every kernel into its own
 * chunk.
 */
const tablesTogether = {
  name: 'tables-together',
  setup(build) {
    build.onLoad({ filter: /\/oracle\/case_tables\.ts$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      const dynamic = /await import\(.*\)/;
      if (!dynamic.test(source)) throw new Error(`${path}: has no dynamic import`);
      const files = readdirSync(join(dirname(path), 'cases'));
      const imports = files.map((file, i) => `import * as table${i} from './cases/${file}';`);
      const tables = files.map((file, i) => `'${file.replace('.ts', '')}': table${i},`);
      const contents = `${imports.join('\n')}${source.replace(dynamic, `({ ${tables.join(' ')} })[kernel]!`)}`;
      return { contents, loader: 'ts' };
    });
  },
};

/** Builds if a source is newer than the bundle. */
export async function ensureBuilt() {
  const built = modifiedMs(join(root, 'dist/cli.js'));
  const sources = ['src', 'shaders', 'package.json'].map(path => newestMs(join(root, path)));
  if (built < Math.max(...sources)) await buildAll();
}

export async function buildAll() {
  const { build } = await import('esbuild');
  mkdirSync(join(root, 'dist'), { recursive: true });
  const { shadersReflectedBefore } = await import('./reflected_shaders.mjs');
  const node = { ...COMMON, platform: 'node', packages: 'external', outdir: 'dist' };
  await build({
    ...node,
    plugins: [shadersReflectedBefore, tablesTogether],
    entryPoints: { cli: 'src/cli/main.ts', node: 'src/node.ts', bench: 'src/bench/index.ts' },
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
  });
  await build({
    ...COMMON,
    platform: 'browser',
    conditions: ['browser'],
    plugins: [withoutNode],
    minify: true,
    entryPoints: { browser: 'src/index.ts', browser_bench: 'src/bench/index.ts' },
    outdir: 'dist',
    splitting: true,
    chunkNames: 'chunks/browser-[name]-[hash]',
  });
  // The wasm device on its own.
  const plugins = [onlyUsed];
  await build({ ...node, packages: undefined, plugins, entryPoints: { wasm: 'src/wasm/index.ts' } });
  await build({
    ...COMMON,
    platform: 'browser',
    conditions: ['browser'],
    minify: true,
    plugins,
    entryPoints: { wasm_browser: 'src/wasm/index.ts' },
    outdir: 'dist',
  });
}

function newestMs(path) {
  const status = statSync(path);
  if (!status.isDirectory()) return status.mtimeMs;
  return Math.max(status.mtimeMs, ...readdirSync(path).map(name => newestMs(join(path, name))));
}

function modifiedMs(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  await buildAll();
}
