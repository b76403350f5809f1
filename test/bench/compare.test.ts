/**
 * A kernel made ten percent slower on purpose, and an unchanged one, on this machine as it is.
 * RAYCAM_COMPARE_ROUNDS=10 does it ten times; RAYCAM_COMPARE_ADAPTER=swiftshader on another adapter.
 */
import { describe, expect, it } from 'vitest';
import { benchKernels, compareKernels, type KernelResult, registerConv2dVariant } from '../../src/bench/index.ts';
import type { AdapterChoice } from '../../src/runtime/adapter.ts';
import { host, PEAKS } from './host.ts';
import { PROBE_SHAPE, probeKernel } from './probe.ts';

const rounds = Number(process.env.RAYCAM_COMPARE_ROUNDS ?? 1);
const adapter = (process.env.RAYCAM_COMPARE_ADAPTER ?? 'wasm') as AdapterChoice;
const options = { adapter, threads: 2, host, kernel: 'conv2d_probe', shapes: PROBE_SHAPE, peaks: PEAKS };

/** Runs with the kernel registered that does so much work. */
async function withProbe<Result>(work: number, run: () => Promise<Result>): Promise<Result> {
  const unregister = registerConv2dVariant(probeKernel(work));
  try {
    return await run();
  } finally {
    unregister();
  }
}

/** As it is written to a file, and read again. */
async function baseline(): Promise<KernelResult> {
  const result = await withProbe(1, () => benchKernels({ ...options, samples: 3 }));
  expect(result.refused).toEqual([]);
  return JSON.parse(JSON.stringify(result));
}

describe('a kernel against its earlier self', () => {
  for (let round = 1; round <= rounds; round++) {
    it(`round ${round}: ten percent more work is found`, { timeout: 300_000 }, async () => {
      const before = await baseline();
      const result = await withProbe(1.1, () => compareKernels(before, { ...options, limit: 0.05 }));
      expect(result.refused).toEqual([]);
      expect(result.rows).toMatchObject([{ operation: 'conv2d', variant: 'conv2d_probe', verdict: 'slower' }]);
      expect(result.verdict).toBe('slower');
    });

    it(`round ${round}: no change is none`, { timeout: 300_000 }, async () => {
      const before = await baseline();
      const result = await withProbe(1, () => compareKernels(before, { ...options, limit: 0.05 }));
      expect(result.rows.map(({ verdict }) => verdict)).toEqual(['same']);
    });
  }
});
