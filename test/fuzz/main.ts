/**
 * `[--runs N] [--seed N] [--target NAME] [--jobs N] [--json]`: fuzzes, prints a table or lines of JSON, and exits with
 * 1 if there are findings.
 *
 * Distributes the runs over processes, by default one per core. Run n of a seed is the same input in any process.
 */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { type FuzzResult, fuzz, together } from './run_target.ts';
import { TARGETS, type Target } from './targets.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '200000' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string' },
    jobs: { type: 'string', default: `${availableParallelism()}` },
    json: { type: 'boolean', default: false },
    /** For a child process: `FIRST+COUNT`, the number of its first run and its number of runs. */
    part: { type: 'string' },
  },
});
const [runs, seed, jobs] = [Number(values.runs), Number(values.seed), Number(values.jobs)];
const chosen = TARGETS.filter(({ name }) => values.target === undefined || name === values.target);
if (chosen.length === 0)
  throw new Error(`unknown target "${values.target}". Known: ${TARGETS.map(({ name }) => name).join(', ')}`);

if (values.part !== undefined) {
  const [from, count] = values.part.split('+').map(Number) as [number, number];
  const onRun = (done: number) => process.send!(done);
  process.send!(await fuzz(chosen[0]!, { from, runs: count, seed, onRun: every(10_000, onRun) }));
} else await fuzzAll();

async function fuzzAll(): Promise<void> {
  if (!values.json) {
    console.log('| parser | runs | still readable | different errors | slowest run, CPU time | findings | time |');
    console.log('|---|---|---|---|---|---|---|');
  }
  for (const target of chosen) {
    const started = performance.now();
    const parts = Array.from({ length: jobs }, (_, i) => Math.round((i * runs) / jobs));
    const result = together(
      await Promise.all(parts.map((from, i) => fuzzPart(target, from, (parts[i + 1] ?? runs) - from))),
    );
    const elapsedS = (performance.now() - started) / 1000;
    const sentences = result.sentences.length;
    if (values.json) console.log(JSON.stringify({ ...result, sentences, elapsedS }));
    else {
      const cells = [result.target, result.runs, result.read, sentences, `${result.slowestMs.toFixed(1)} ms`];
      console.log(`| ${[...cells, result.findings.length, `${elapsedS.toFixed(0)} s`].join(' | ')} |`);
    }
    for (const { run, problem, base64 } of result.findings.slice(0, 10)) {
      console.error(`FINDING ${target.name}, seed ${seed}, run ${run}: ${problem}\n${base64.slice(0, 4000)}`);
    }
    if (result.findings.length > 0) process.exitCode = 1;
  }
}

/** Fuzzes in a child process. @throws Error  the process ended without a result, because an input crashed it */
function fuzzPart(target: Target, from: number, count: number): Promise<FuzzResult> {
  const part = `${from}+${count}`;
  const child = fork(process.argv[1]!, ['--target', target.name, '--seed', `${seed}`, '--part', part]);
  return new Promise((resolve, reject) => {
    child.on('message', said => {
      if (typeof said === 'number') console.error(`${target.name}: ${said} of ${count} from ${from}`);
      else resolve(said as FuzzResult);
    });
    child.on('close', code => reject(new Error(`${target.name}, runs ${part}: the process ended with ${code}`)));
  });
}

/** Limits calls to one per `pauseMs` milliseconds. */
function every(pauseMs: number, call: (done: number) => void): (done: number) => void {
  let lastMs = performance.now();
  return done => {
    if (performance.now() - lastMs < pauseMs) return;
    lastMs = performance.now();
    call(done);
  };
}
