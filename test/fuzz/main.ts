/** `[--runs N] [--seed N] [--target NAME] [--json]`: fuzzes, prints a table or lines of JSON, exits with 1 if anything was found. */
import { parseArgs } from 'node:util';
import { fuzz } from './run_target.ts';
import { TARGETS } from './targets.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '200000' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const chosen = TARGETS.filter(({ name }) => values.target === undefined || name === values.target);
if (chosen.length === 0) throw new Error(`no target is named ${values.target}: ${TARGETS.map(({ name }) => name)}`);

if (!values.json) {
  console.log('| parser | runs | still read | kinds of refusal | slowest | findings | took |');
  console.log('|---|---|---|---|---|---|---|');
}
for (const target of chosen) {
  const started = performance.now();
  let shownMs = started;
  const onRun = (done: number) => {
    if (performance.now() - shownMs < 10_000) return;
    shownMs = performance.now();
    console.error(`${target.name}: ${done} of ${values.runs}`);
  };
  const result = await fuzz(target, { runs: Number(values.runs), seed: Number(values.seed), onRun });
  const elapsedS = (performance.now() - started) / 1000;
  if (values.json) console.log(JSON.stringify({ ...result, elapsedS }));
  else {
    const cells = [result.target, result.runs, result.read, result.sentences, `${result.slowestMs.toFixed(1)} ms`];
    console.log(`| ${[...cells, result.findings.length, `${elapsedS.toFixed(0)} s`].join(' | ')} |`);
  }
  for (const { run, seed, problem, base64 } of result.findings.slice(0, 10)) {
    console.error(`FINDING ${target.name}, seed ${seed}, run ${run}: ${problem}\n${base64.slice(0, 4000)}`);
  }
  if (result.findings.length > 0) process.exitCode = 1;
}
