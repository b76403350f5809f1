// `npm run bench:peers -- --adapter wasm|swiftshader|lavapipe|gpu`: times Raycam and its competitors on the same network
// in one run, in which they take turns, and prints the ratios. Installs the competitors on first use; see
// docs/benchmarks.md.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureBuilt } from '../scripts/build.mjs';
import { ensureInstalled } from '../scripts/ensure_installed.mjs';
import { ADAPTERS, environmentFor, KINDS, programsFor } from './adapters.mjs';
import { gpuReport } from './gpu_report.mjs';
import { Program } from './program.mjs';
import { median, ratioTable } from './table.mjs';

const HELP = `npm run bench:peers -- --adapter <name> [options]

  --adapter <name>   ${ADAPTERS.join(', ')}
  --models <names>   resnet50,resnet101,resnet152 (default: resnet50,resnet152)
  --batch <counts>   images per forward pass (default: 1; on a GPU 1,32)
  --threads <count>  threads of WebAssembly and native CPU (default: 2)
  --no-wide-simd     Raycam on WebAssembly uses 128-bit SIMD, even in Node 24 to 26
  --rounds <count>   counted forward passes of each program, in turns (default: 7)
  --out <file>       also write the measurements as JSON`;

const options = parseArguments();
const folder = fileURLToPath(new URL('.', import.meta.url));
ensureInstalled();
install();
await ensureBuilt();
const { onnxModel } = await import('./make_onnx.mjs');

const rows = [];
let adapter;
for (const model of options.models) {
  note(`${model}: the ONNX file`);
  await onnxModel(model);
  for (const batch of options.batches) rows.push(...(await measure(model, batch)));
}
const environment = {
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  node: process.version,
  loadAverage: loadavg()[0],
  date: new Date().toISOString(),
};
console.log(ratioTable(rows));
const gpu = options.adapter === 'gpu' ? gpuReport() : undefined;
if (options.out !== undefined)
  writeFileSync(
    options.out,
    `${JSON.stringify({ kind: 'peers', adapter: options.adapter, environment: { ...environment, adapter }, rows, gpu }, undefined, 2)}\n`,
  );

/** Measures one network at one batch size. Every program runs once per round; the order reverses each round. */
async function measure(model, batch) {
  const environment = await environmentFor(options.adapter);
  const programs = [];
  try {
    for (const described of programsFor({ ...options, model, batch })) {
      note(`${model}, batch ${batch}: ${described.name} starts`);
      const program = new Program(described, environment);
      if (await program.start()) programs.push(program);
      else note(`${described.name} does not run here: ${program.failure}`);
    }
    const [raycam] = programs;
    if (raycam?.name !== 'raycam') throw new Error(`raycam does not run on ${options.adapter}`);
    adapter = raycam.ready.environment.adapter;
    if (adapter.kind !== KINDS[options.adapter])
      throw new Error(`raycam runs on ${adapter.description}, not on ${options.adapter}`);
    for (const program of programs) await warmUp(program);
    const taken = programs.map(() => []);
    for (let round = 0; round < options.rounds; round++) {
      note(`${model}, batch ${batch}: round ${round + 1} of ${options.rounds}`);
      const order = programs.map((_, i) => (round % 2 === 0 ? i : programs.length - 1 - i));
      for (const i of order) taken[i].push(await programs[i].sample());
    }
    return programs.map(({ name }, i) => ({
      model,
      batch,
      name,
      ms: taken[i],
      medianMs: median(taken[i]),
      ratio: median(taken[0].map((ms, round) => ms / taken[i][round])),
    }));
  } finally {
    for (const program of programs) program.end();
  }
}

/** Warms up: engines that compile in tiers need several forward passes. If a pass takes seconds, one is enough. */
async function warmUp(program) {
  const startedMs = performance.now();
  for (let i = 0; i < 8 && (i === 0 || performance.now() - startedMs < 3000); i++) await program.sample();
}

function parseArguments() {
  try {
    const { values } = parseArgs({
      args: process.argv.slice(2),
      options: {
        adapter: { type: 'string' },
        models: { type: 'string', default: 'resnet50,resnet152' },
        batch: { type: 'string' },
        threads: { type: 'string', default: '2' },
        rounds: { type: 'string', default: '7' },
        'no-wide-simd': { type: 'boolean', default: false },
        out: { type: 'string' },
        help: { type: 'boolean' },
      },
    });
    if (values.help) leave(HELP, 0);
    if (!ADAPTERS.includes(values.adapter)) leave(`bench:peers: name an adapter.\n\n${HELP}`, 2);
    const batch = values.batch ?? (values.adapter === 'gpu' ? '1,32' : '1');
    return {
      ...values,
      models: values.models.split(','),
      batches: batch.split(',').map(Number),
      threads: Number(values.threads),
      rounds: Number(values.rounds),
    };
  } catch (error) {
    leave(`bench:peers: ${error.message}\n\n${HELP}`, 2);
  }
}

/** Installs the competitors into this folder from its lock file. */
function install() {
  const wanted = readFileSync(`${folder}package-lock.json`, 'utf8');
  const mark = `${folder}node_modules/.raycam-installed`;
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return;
  note('installing the competitors (npm ci, about 700 MB)');
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (npm.status !== 0) leave('bench:peers: npm ci failed, see above', 1);
  writeFileSync(mark, wanted);
}

function note(text) {
  process.stderr.write(`bench:peers: ${text}\n`);
}

function leave(text, status) {
  (status === 0 ? console.log : console.error)(text);
  process.exit(status);
}
