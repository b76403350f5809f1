/**
 * Opens every file of scripts/make_checkpoints.py with the built library, computes the logits on the wasm device, and
 * prints the outcomes as a Markdown table. Raycam's logits and PyTorch's in float32 are compared with PyTorch's in
 * float64.
 *
 * node scripts/check_checkpoints.mjs DIR
 *
 * Exits with status 1 if logits that PyTorch has are missing, or differ by more than 1e-5 of the largest logit and by more
 * than four times what PyTorch's float32 differs.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildNetwork, resolveBackbone } from '../dist/node.js';

const LIMIT = 1e-5;
const TIMES_PYTORCH = 4;
const dir = process.argv[2];
const cases = JSON.parse(readFileSync(join(dir, 'cases.json'), 'utf8'));
const x = new Float32Array(new Uint8Array(readFileSync(join(dir, 'x.f32'))).buffer);

console.log("| file | what it is | outcome | Raycam's difference | PyTorch's difference |");
console.log('| --- | --- | --- | --- | --- |');
let failed = 0;
for (const { file, what, options, logits, logits64 } of cases) {
  const { outcome, error } = await open(file, options, logits64);
  const theirs = logits ? relativeError(logits, logits64) : undefined;
  if (logits !== null && !(error <= Math.max(LIMIT, TIMES_PYTORCH * theirs))) failed++;
  console.log(`| \`${file}\` | ${what} | ${outcome} | ${shown(error)} | ${shown(theirs)} |`);
}
console.log(`\n${cases.length} files; ${failed} differ from PyTorch or cannot be read, although PyTorch reads them.`);
process.exitCode = failed > 0 ? 1 : 0;

function shown(error) {
  return error === undefined ? '' : error.toExponential(1);
}

/** Returns what happened in words, and the relative error if both sides have logits. */
async function open(file, options, expected) {
  let network;
  try {
    const backbone = await resolveBackbone({ file: join(dir, file), ...options });
    network = await buildNetwork(backbone, { adapter: 'wasm' });
    const { logits } = network.model.forward(network.device.tensor(x, [1, 3, 64, 64], 'x'));
    const notes = [backbone.architecture, ...(backbone.notes ?? [])];
    if (backbone.classes) notes.push(`classes ${backbone.classes.join(', ')}`);
    if (!logits) notes.push(`no classifier${backbone.classifierProblem ? `: ${backbone.classifierProblem}` : ''}`);
    const error = logits && expected ? relativeError(await logits.read(), expected) : undefined;
    return { outcome: `read: ${notes.join('; ')}`, error };
  } catch (error) {
    return { outcome: `error: ${error.message.replaceAll(dir, 'DIR').replaceAll('|', '\\|')}` };
  } finally {
    await network?.dispose();
  }
}

function relativeError(got, expected) {
  if (got.length !== expected.length) return Number.POSITIVE_INFINITY;
  const largest = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, i) => Math.abs(value - got[i]))) / largest;
}
