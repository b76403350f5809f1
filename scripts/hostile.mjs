// Runs every hostile input in its own process and prints the table of docs/reliability.md.
//   node scripts/hostile.mjs [--json]
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureInstalled } from './ensure_installed.mjs';

ensureInstalled();
const { bundleTool } = await import('./bundle_tool.mjs');
const child = await bundleTool('test/hostile/child.ts');
const folder = mkdtempSync(join(tmpdir(), 'raycam-hostile-'));
const env = { RAYCAM_HOSTILE_ENTRIES: '50000', ...process.env };
const empty = mkdtempSync(join(tmpdir(), 'raycam-hostile-'));

try {
  const count = Number(await run('make', folder));
  const outcomes = await runAll(count);
  if (process.argv.includes('--json')) for (const outcome of outcomes) console.log(JSON.stringify(outcome));
  else printTable(outcomes);
  const faults = outcomes.filter(({ fault }) => fault);
  for (const { kind, name, fault } of faults) console.error(`FAULT ${kind}, ${name}: ${fault}`);
  process.exitCode = faults.length > 0 ? 1 : 0;
} finally {
  for (const path of [folder, empty]) rmSync(path, { recursive: true, force: true });
}

async function runAll(count) {
  const outcomes = [];
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const number = next++;
      outcomes[number] = await run('use', folder, String(number)).then(JSON.parse, error => ({
        kind: 'case',
        name: String(number),
        fault: `the process ended: ${error.message}`,
        said: '',
        elapsedMs: 0,
        extraBytes: 0,
      }));
    }
  };
  // One core stays free, so that the processes do not slow each other down.
  await Promise.all(Array.from({ length: Math.max(1, availableParallelism() - 1) }, worker));
  return outcomes;
}

/** Runs the child and returns its output. Its folder is empty, so that any file it leaves there is detected. */
function run(...args) {
  return new Promise((resolve, reject) => {
    const started = spawn(process.execPath, [child, ...args], { cwd: empty, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, errors] = ['', ''];
    started.stdout.on('data', text => {
      out += text;
    });
    started.stderr.on('data', text => {
      errors += text;
    });
    const timer = setTimeout(() => started.kill('SIGKILL'), 120_000);
    started.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(out.trim());
      else reject(new Error(`${signal ?? code} ${errors.slice(0, 500)}`));
    });
  });
}

function printTable(outcomes) {
  console.log('| kind | inputs | rejected with a message | read correctly | faults | longest run | peak memory |');
  console.log('|---|---|---|---|---|---|---|');
  for (const kind of new Set(outcomes.map(outcome => outcome.kind))) {
    const own = outcomes.filter(outcome => outcome.kind === kind);
    const right = own.filter(({ fault, said }) => !fault && said === 'right').length;
    const faults = own.filter(({ fault }) => fault).length;
    const slowest = Math.max(...own.map(({ elapsedMs }) => elapsedMs));
    const largest = Math.max(...own.map(({ extraBytes }) => extraBytes));
    const cells = [kind, own.length, own.length - right - faults, right, faults];
    console.log(`| ${cells.join(' | ')} | ${slowest.toFixed(0)} ms | ${(largest / 1e6).toFixed(1)} MB |`);
  }
}
