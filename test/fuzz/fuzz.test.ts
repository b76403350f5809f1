/**
 * A short run of each target; scripts/fuzz.mjs goes on for as long as it is told. RAYCAM_FUZZ_RUNS sets how many. What a long run finds
 * is mended and becomes a case of test/hostile.
 */
import { describe, expect, it } from 'vitest';
import { fuzz } from './run_target.ts';
import { TARGETS } from './targets.ts';

const RUNS = Number(process.env.RAYCAM_FUZZ_RUNS ?? 400);

describe('changed files are read or refused, never anything else', () => {
  it.each(TARGETS)('$name', async target => {
    const { runs, findings } = await fuzz(target, { runs: RUNS, seed: 20 });
    expect(runs).toBe(RUNS);
    expect(findings).toEqual([]);
  });
});
