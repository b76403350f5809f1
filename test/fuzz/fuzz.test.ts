/**
 * Runs each target briefly. RAYCAM_FUZZ_RUNS sets the number of runs, and scripts/fuzz.mjs makes long runs. Every
 * finding of a long run is fixed and becomes a case in test/hostile.
 */
import { describe, expect, it } from 'vitest';
import { fuzz } from './run_target.ts';
import { TARGETS } from './targets.ts';

const RUNS = Number(process.env.RAYCAM_FUZZ_RUNS ?? 400);

describe('reads or rejects every mutated file', () => {
  it.each(TARGETS)('$name', async target => {
    const { runs, findings } = await fuzz(target, { runs: RUNS, seed: 20 });
    expect(runs).toBe(RUNS);
    expect(findings).toEqual([]);
  });
});
