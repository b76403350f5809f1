// Compares random programs on Dawn and on the wasm device: node scripts/differential.mjs [programs] [seed]
import { spawnSync } from 'node:child_process';

/** Programs per process: if Dawn's driver crashes on a program, the other processes still run. */
const PER_PROCESS = 500;
const [programs = 10000, seed = 1] = process.argv.slice(2).map(Number);
if (!(programs > 0) || !Number.isInteger(seed)) {
  process.stderr.write('usage: node scripts/differential.mjs [programs] [seed]\n');
  process.exit(2);
}

const counts = { passed: 0, failed: 0, crashed: 0 };
for (let done = 0; done < programs; done += PER_PROCESS) {
  const count = Math.min(PER_PROCESS, programs - done);
  const at = seed + done / PER_PROCESS;
  const env = { ...process.env, RAYCAM_PROGRAMS: String(count), RAYCAM_SEED: String(at) };
  const file = 'test/wasm/differential/differential.test.ts';
  const { status, stdout, stderr } = spawnSync('npx', ['vitest', 'run', file], {
    env,
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  const crashed = /Worker exited unexpectedly|Worker forks emitted error/.test(stdout + stderr);
  const outcome = status === 0 ? 'passed' : crashed ? 'crashed' : 'failed';
  counts[outcome] += count;
  process.stdout.write(`seed ${at}, ${count} programs: ${outcome}\n`);
  if (outcome === 'failed') process.stdout.write(stdout.slice(-20_000));
}
process.stdout.write(
  `${counts.passed} programs agree; ${counts.failed} were in processes with a mismatch, ${counts.crashed} in processes where Dawn's driver crashed\n`,
);
process.exit(counts.failed > 0 ? 1 : 0);
