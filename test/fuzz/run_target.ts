import { RaycamError } from '../../src/errors/index.ts';
import { slowdown } from '../harness/slowdown.ts';
import { Dice } from './dice.ts';
import type { Target } from './targets.ts';

/** Limit for an input's CPU time, so that other programs do not affect it. */
const MOST_MS = 1000;

export interface FuzzOptions {
  /** Number of the first run, 0 by default. */
  readonly from?: number;
  readonly runs: number;
  readonly seed: number;
  readonly onRun?: (done: number) => void;
}

export interface Finding {
  /** Run and seed, together with the target's name, reproduce the input. */
  readonly run: number;
  readonly seed: number;
  readonly problem: string;
  readonly base64: string;
}

export interface FuzzResult {
  readonly target: string;
  readonly runs: number;
  /** Number of inputs that could still be read. The others were rejected with a RaycamError. */
  readonly read: number;
  /** Distinct error messages, ignoring numbers and names. They show how far into the parser the inputs reached. */
  readonly sentences: readonly string[];
  readonly slowestMs: number;
  readonly findings: readonly Finding[];
}

/** Fuzzes a target. Run n of a seed is the same input in every call. */
export async function fuzz(target: Target, { from = 0, runs, seed, onRun }: FuzzOptions): Promise<FuzzResult> {
  const seeds = await target.seeds();
  for (const original of seeds) await expectUnchanged(target, original);
  const findings: Finding[] = [];
  const sentences = new Set<string>();
  let [read, slowestMs] = [0, 0];
  for (let run = from; run < from + runs; run++) {
    const input = inputOf(target, seeds, { seed, run });
    const started = process.cpuUsage();
    const outcome = await outcomeOf(target, input);
    const { user, system } = process.cpuUsage(started);
    const elapsedMs = (user + system) / 1000;
    slowestMs = Math.max(slowestMs, elapsedMs);
    if (outcome.sentence === undefined) read++;
    else sentences.add(outcome.sentence.replace(/"[^"]*"|[0-9a-f]+/gi, '#').slice(0, 80));
    const problem = outcome.problem ?? (isTooSlow(elapsedMs) ? `took ${elapsedMs.toFixed(0)} ms` : undefined);
    if (problem !== undefined) findings.push({ run, seed, problem, base64: Buffer.from(input).toString('base64') });
    onRun?.(run + 1 - from);
  }
  return { target: target.name, runs, read, sentences: [...sentences], slowestMs, findings };
}

function isTooSlow(elapsedMs: number): boolean {
  return elapsedMs > MOST_MS && elapsedMs > MOST_MS * slowdown();
}

/** Merges the results of several parts. */
export function together(parts: readonly FuzzResult[]): FuzzResult {
  const sum = (count: (part: FuzzResult) => number) => parts.reduce((total, part) => total + count(part), 0);
  return {
    target: parts[0]!.target,
    runs: sum(({ runs }) => runs),
    read: sum(({ read }) => read),
    sentences: [...new Set(parts.flatMap(({ sentences }) => sentences))],
    slowestMs: Math.max(...parts.map(({ slowestMs }) => slowestMs)),
    findings: parts.flatMap(({ findings }) => findings),
  };
}

function inputOf(
  target: Target,
  seeds: readonly Uint8Array[],
  { seed, run }: { readonly seed: number; readonly run: number },
): Uint8Array {
  const dice = new Dice(Math.imul(seed, 0x9e3779b1) ^ run);
  // The first numbers of neighbouring seeds are similar, so discard them.
  for (let i = 0; i < 8; i++) dice.below(2);
  return target.mutate(dice, dice.pick(seeds));
}

/**
 * Checks that an unmodified seed file causes no finding, because otherwise no mutation would reach past the first
 * check.
 */
async function expectUnchanged(target: Target, original: Uint8Array): Promise<void> {
  const { problem } = await outcomeOf(target, original);
  if (problem !== undefined) throw new Error(`${target.name}: the unmodified seed file fails (${problem})`);
}

async function outcomeOf(
  target: Target,
  input: Uint8Array,
): Promise<{ readonly sentence?: string; readonly problem?: string }> {
  let sentence: string | undefined;
  try {
    await target.run(Uint8Array.from(input));
  } catch (error) {
    if (!(error instanceof RaycamError)) return { problem: (error as Error).stack ?? String(error) };
    sentence = error.message;
    if (/\n/.test(sentence) || sentence.length > 4000)
      return { problem: `the message has ${sentence.length} characters or a line break` };
  }
  const added = [Object.prototype, Array.prototype].flatMap(shared => Object.keys(shared));
  return added.length > 0 ? { problem: `left ${added.join(', ')} on a prototype` } : { sentence };
}
