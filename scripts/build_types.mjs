// Writes the library's type declarations to dist/types for publication: `tsc` generates them, then their imports are
// rewritten.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { ensureInstalled, root } from './ensure_installed.mjs';

const ENTRIES = ['node', 'index', 'wasm/index', 'bench/index'];

ensureInstalled();
const out = join(root, 'dist/types');
const project = join(root, 'node_modules/.cache/raycam/tsconfig.types.json');
mkdirSync(dirname(project), { recursive: true });
writeFileSync(
  project,
  JSON.stringify({
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      emitDeclarationOnly: true,
      declaration: true,
      stripInternal: true,
      rootDir: join(root, 'src'),
      outDir: out,
    },
    include: [],
    files: [...ENTRIES.map(name => `${name}.ts`), 'wgsl.d.ts'].map(name => join(root, 'src', name)),
  }),
);
const { status } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project], {
  stdio: 'inherit',
});
if (status !== 0) process.exit(status ?? 1);
for (const name of readdirSync(out, { recursive: true })) {
  const path = join(out, name);
  if (path.endsWith('.d.ts')) writeFileSync(path, published(readFileSync(path, 'utf8'), dirname(path)));
}

/** Rewrites imports: Node requires `.js` endings, and only the sources can resolve `#platform`. */
function published(text, folder) {
  const platform = relative(folder, join(out, 'platform/node.js')).replaceAll('\\', '/');
  return text
    .replaceAll("'#platform'", `'${platform.startsWith('.') ? platform : `./${platform}`}'`)
    .replace(/((?:from|import\() ?'\.[^']*)\.ts'/g, "$1.js'");
}
