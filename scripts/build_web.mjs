// Builds the page into dist/web: static files for any host. `raycam serve` serves the same files.
//   npm run build:web [-- --out DIR] [--weights-url URL] [--copy-weights]
import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { codecsInBrowsers } from './codecs_in_browsers.mjs';
import { root } from './ensure_installed.mjs';
import { reflectedShaders } from './reflected_shaders.mjs';

const MAX_GZIPPED_BYTES = 250_000;

/**
 * Nothing from other hosts, nothing inline, no eval; blob: is for the wasm device's threads and for generated pictures.
 */
const POLICY = JSON.parse(readFileSync(join(root, 'src/server/page_policy.json'), 'utf8')).join('; ');

/** Leaves out the shader for subgroup matrices, which the page never uses. */
const withoutSubgroupMatrices = {
  name: 'without-subgroup-matrices',
  setup(build) {
    build.onLoad({ filter: /conv2d_subgroup_matrix\.wgsl$/ }, () => ({ contents: '', loader: 'text' }));
  },
};

/** Builds if a source is newer than the page. */
export async function ensureWebBuilt() {
  const built = statSync(join(root, 'dist/web/index.html'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = [
    'src',
    'shaders',
    'scripts/build_web.mjs',
    'scripts/reflected_shaders.mjs',
    'package.json',
    'heads',
    'sample',
  ];
  if (built < Math.max(...sources.map(path => newestMs(join(root, path))))) await buildWeb();
}

/**
 * Builds the page. Returns the gzipped sizes of scripts, style sheet and HTML, by file, and the files that load only when
 * an image needs their decoder.
 */
export async function buildWeb({ out = join(root, 'dist/web'), weightsUrl = 'weights/', copyWeights = false } = {}) {
  const { build } = await import('esbuild');
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const common = {
    absWorkingDir: root,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    conditions: ['browser'],
    minify: true,
    legalComments: 'none',
    loader: { '.wgsl': 'text', '.wasm': 'binary' },
    jsx: 'automatic',
    jsxImportSource: 'preact',
    metafile: true,
    logLevel: 'error',
    outdir: join(out, 'assets'),
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
  };
  const plugins = [reflectedShaders, withoutSubgroupMatrices, codecsInBrowsers];
  const engine = await build({
    ...common,
    plugins,
    splitting: true,
    entryPoints: { engine: 'src/web/engine/worker.ts' },
  });
  const define = { ENGINE_FILE: JSON.stringify(`assets/${entryOf(engine, 'worker.ts')}`) };
  const page = await build({
    ...common,
    define,
    entryPoints: { main: 'src/web/main.tsx', style: 'src/web/style.css' },
  });
  const icon = `assets/icon-${hashOf(readFileSync(join(root, 'src/web/icon.svg')))}.svg`;
  copyFileSync(join(root, 'src/web/icon.svg'), join(out, icon));
  const html = fill(readFileSync(join(root, 'src/web/index.html'), 'utf8'), {
    policy: POLICY,
    icon,
    style: `assets/${entryOf(page, 'style.css')}`,
    script: `assets/${entryOf(page, 'main.tsx')}`,
  });
  writeFileSync(join(out, 'index.html'), html);
  await writeSite({ build, out, weightsUrl, copyWeights });
  await buildOffline({ build, common, out });
  return { sizes: sizesOf(out), later: loadedLater(engine, out) };
}

/** Copies the samples, heads and requested weights, and writes raycam.json, which lists what the site offers. */
async function writeSite({ build, out, weightsUrl, copyWeights }) {
  for (const folder of ['sample', 'heads']) cpSync(join(root, folder), join(out, folder), { recursive: true });
  const { outputFiles } = await build({
    absWorkingDir: root,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    entryPoints: ['src/server/describe_site.ts'],
    write: false,
    logLevel: 'error',
  });
  const library = join(root, 'node_modules', `.raycam-site-${process.pid}.mjs`);
  writeFileSync(library, outputFiles[0].contents);
  try {
    const { describeStaticSite } = await import(library);
    const { site, files } = await describeStaticSite({ folder: out, weightsUrl, copyWeights });
    for (const { from, to } of files) {
      mkdirSync(dirname(join(out, to)), { recursive: true });
      copyFileSync(from, join(out, to));
    }
    writeFileSync(join(out, 'raycam.json'), JSON.stringify(site));
  } finally {
    rmSync(library, { force: true });
  }
}

/** Builds the service worker, which lists every file of this build. */
async function buildOffline({ build, common, out }) {
  const files = listFiles(out).filter(file => !/^(sample|weights)\//.test(file));
  const id = hashOf(files.map(file => hashOf(readFileSync(join(out, file)))).join());
  const define = { OFFLINE_FILES: JSON.stringify(files), BUILD_ID: JSON.stringify(id) };
  await build({
    ...common,
    format: 'iife',
    define,
    entryPoints: { offline: 'src/web/offline_worker.ts' },
    outdir: out,
    entryNames: '[name]',
  });
}

/** Returns the scripts that no static import reaches from the entry points, relative to `out`. */
function loadedLater({ metafile: { outputs } }, out) {
  const reached = new Set(Object.keys(outputs).filter(file => outputs[file].entryPoint?.endsWith('/worker.ts')));
  for (const file of reached) {
    for (const { path, kind } of outputs[file].imports)
      if (kind === 'import-statement' && outputs[path]) reached.add(path);
  }
  const all = Object.keys(outputs).filter(file => !reached.has(file));
  return new Set(all.map(file => relative(out, join(root, file)).split(sep).join('/')));
}

function entryOf({ metafile }, source) {
  const found = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint?.endsWith(`/${source}`));
  return basename(found[0]);
}

function fill(template, values) {
  return template.replace(/\{\{(\w+)\}\}/g, (_, name) => values[name]);
}

function hashOf(content) {
  return createHash('sha256').update(content).digest('hex').slice(0, 8).toUpperCase();
}

function listFiles(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry =>
      relative(folder, join(entry.parentPath ?? entry.path, entry.name))
        .split(sep)
        .join('/'),
    )
    .sort();
}

function sizesOf(out) {
  const code = listFiles(out).filter(file => /\.(js|css|html)$/.test(file));
  return Object.fromEntries(code.map(file => [file, gzipSync(readFileSync(join(out, file))).length]));
}

function newestMs(path) {
  const status = statSync(path);
  if (!status.isDirectory()) return status.mtimeMs;
  return Math.max(status.mtimeMs, ...readdirSync(path).map(name => newestMs(join(path, name))));
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { values } = parseArgs({
    options: { out: { type: 'string' }, 'weights-url': { type: 'string' }, 'copy-weights': { type: 'boolean' } },
  });
  const { sizes, later } = await buildWeb({
    out: values.out,
    weightsUrl: values['weights-url'],
    copyWeights: values['copy-weights'],
  });
  const total = Object.entries(sizes).reduce((sum, [file, size]) => sum + (later.has(file) ? 0 : size), 0);
  for (const [file, size] of Object.entries(sizes))
    console.log(
      `${(size / 1000).toFixed(1).padStart(7)} kB  ${file}${later.has(file) ? '  (when an image needs it)' : ''}`,
    );
  console.log(`${(total / 1000).toFixed(1).padStart(7)} kB  at first, gzipped, without weights and decoders`);
  if (total > MAX_GZIPPED_BYTES) {
    console.error(`The page is too large (the limit is ${MAX_GZIPPED_BYTES / 1000} kB).`);
    process.exitCode = 1;
  }
}
