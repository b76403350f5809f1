// Long runs that track the resources of the process:
//   node scripts/soak.mjs [passes|devices|predictions|files|all] [--count n] [--threads n] [--adapter wasm]
import { parseArgs } from 'node:util';
import { ensureInstalled, root } from './ensure_installed.mjs';

ensureInstalled();
const { buildAll } = await import('./build.mjs');
const { bundleTool } = await import('./bundle_tool.mjs');

/** The sizes that docs/reliability.md reports. */
const FULL = {
  passes: { count: 200, side: 224 },
  devices: { count: 50 },
  predictions: { count: 10_000 },
  files: { count: 1000 },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string' },
    threads: { type: 'string', default: '2' },
    adapter: { type: 'string', default: 'wasm' },
    help: { type: 'boolean' },
  },
});
const [wanted = 'all'] = positionals;
if (values.help || (wanted !== 'all' && !(wanted in FULL))) {
  console.log(
    `node scripts/soak.mjs [${Object.keys(FULL).join('|')}|all] [--count n] [--threads n] [--adapter wasm|swiftshader|gpu]`,
  );
  process.exit(values.help ? 0 : 2);
}

await buildAll();
const { runLong } = await import(await bundleTool('test/faults/long_runs.ts'));
const bundle = await bundleTool('test/faults/soak.ts');
for (const [work, full] of Object.entries(FULL)) {
  if (wanted !== 'all' && wanted !== work) continue;
  const count = values.count === undefined ? full.count : Number(values.count);
  console.log(
    await runLong(work, { ...full, count, threads: Number(values.threads), adapter: values.adapter, root, bundle }),
  );
}
