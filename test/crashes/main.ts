/**
 * `INPUTS CLI PULL_CHILD WORK [--kills N] [--seed N] [--only NAME]`: prints the crash table. Exits with 1 if a file
 * differs or is corrupt.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Dice } from '../fuzz/dice.ts';
import { crash, experimentsOf, serveFile } from './lab.ts';

const { values, positionals } = parseArgs({
  options: {
    kills: { type: 'string', default: '105' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
  allowPositionals: true,
});
const [inputs, cli, pullChild, work] = positionals as [string, string, string, string];
const lab = { inputs, cli, pullChild, work };
const dice = new Dice(Number(values.seed));
const random = () => dice.below(2 ** 20) / 2 ** 20;
const server = await serveFile(join(inputs, 'resnet18.safetensors'), 60e6);
const experiments = experimentsOf(lab, server.url, server.sha256);

const chosen = experiments.filter(({ name }) => values.only === undefined || name === values.only);
if (chosen.length === 0)
  throw new Error(`unknown command "${values.only}". Known: ${experiments.map(({ name }) => name).join(', ')}`);

console.log('| command | kills | finished before the kill | resumed runs | differing files | damaged files | time |');
console.log('|---|---|---|---|---|---|---|');
for (const experiment of chosen) {
  const started = performance.now();
  const result = await crash(experiment, lab, { kills: Math.ceil(Number(values.kills) / experiments.length), random });
  const { name, kills, tooLate, resumes, differing, corrupt } = result;
  const took = `${((performance.now() - started) / 1000).toFixed(0)} s`;
  console.log(`| ${[name, kills, tooLate, resumes, differing.length, corrupt.length, took].join(' | ')} |`);
  for (const problem of [...differing, ...corrupt]) console.error(`FAULT ${name}: ${problem}`);
  if (differing.length + corrupt.length > 0) process.exitCode = 1;
}
server.close();
