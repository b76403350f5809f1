/** A short run of each target; scripts/fuzz.mjs goes on for as long as it is told. RAYCAM_FUZZ_RUNS sets how many. */
import { describe, expect, it } from 'vitest';
import { FINDINGS } from './findings.ts';
import { fuzz, outcomeOf } from './run_target.ts';
import { TARGETS } from './targets.ts';

const RUNS = Number(process.env.RAYCAM_FUZZ_RUNS ?? 400);

describe('changed files are read or refused, never anything else', () => {
  it.each(TARGETS)('$name', async target => {
    const { runs, findings } = await fuzz(target, { runs: RUNS, seed: 20 });
    expect(runs).toBe(RUNS);
    expect(findings).toEqual([]);
  });
});

describe('what was found and mended', () => {
  it.each(FINDINGS)('$target: $what', async ({ target, base64, read }) => {
    const found = TARGETS.find(({ name }) => name === target)!;
    await found.seeds();
    const { sentence, problem } = await outcomeOf(found, Buffer.from(base64, 'base64'));
    expect(problem).toBeUndefined();
    expect(sentence === undefined).toBe(read);
  });
});
