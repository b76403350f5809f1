/**
 * Compares a kernel with its recorded self, unchanged and with ten percent more workgroups. By default a model of a
 * noisy machine tells the time, by the number of workgroups. RAYCAM_COMPARE_ROUNDS=10 measures ten rounds by the clock
 * instead; RAYCAM_COMPARE_ADAPTER=swiftshader measures on another adapter.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { benchKernels, compareKernels, type KernelResult, registerConv2dVariant } from '../../src/bench/index.ts';
import { Timer } from '../../src/observe/timer.ts';
import type { AdapterChoice } from '../../src/runtime/adapter.ts';
import { host, PEAKS } from './host.ts';
import { noisyMachine } from './noisy_machine.ts';
import { PROBE_SHAPE, probeKernel } from './probe.ts';

const rounds = Number(process.env.RAYCAM_COMPARE_ROUNDS ?? 0);
const adapter = (process.env.RAYCAM_COMPARE_ADAPTER ?? 'wasm') as AdapterChoice;
const options = { adapter, threads: 2, host, kernel: 'conv2d_probe', shapes: PROBE_SHAPE, peaks: PEAKS };

/** Runs a function while the probe is registered with `work` times its workgroups. */
async function withProbe<Result>(work: number, run: () => Promise<Result>): Promise<Result> {
  const unregister = registerConv2dVariant(probeKernel(work));
  try {
    return await run();
  } finally {
    unregister();
  }
}

/** Records the probe, and returns the result as a file contains it. */
async function baseline(): Promise<KernelResult> {
  const result = await withProbe(1, () => benchKernels({ ...options, samples: 3 }));
  expect(result.refused).toEqual([]);
  return JSON.parse(JSON.stringify(result));
}

async function expectSlower(): Promise<void> {
  const before = await baseline();
  const result = await withProbe(1.1, () => compareKernels(before, { ...options, limit: 0.05 }));
  expect(result.refused).toEqual([]);
  expect(result.rows).toMatchObject([{ operation: 'conv2d', variant: 'conv2d_probe', verdict: 'slower' }]);
  expect(result.verdict).toBe('slower');
  expect(result.rows[0]!.ratio).toBeCloseTo(1.1, 1);
}

async function expectSame(): Promise<void> {
  const before = await baseline();
  const result = await withProbe(1, () => compareKernels(before, { ...options, limit: 0.05 }));
  expect(result.rows.map(({ verdict }) => verdict)).toEqual(['same']);
}

describe('compareKernels, with times from a model of a noisy machine', () => {
  beforeEach(() => {
    const machine = noisyMachine(1);
    const measured = Timer.prototype.sample;
    vi.spyOn(Timer.prototype, 'sample').mockImplementation(async function (this: Timer, dispatched) {
      await measured.call(this, dispatched, 1); // runs the dispatches, and rejects those that the adapter rejects
      const workgroups = dispatched.reduce((sum, { workgroups: [x, y, z] }) => sum + x * y * z, 0);
      return { wallMs: await machine(workgroups / 10)() };
    });
  });
  afterEach(() => vi.restoreAllMocks());

  it('finds ten percent more work', { timeout: 120_000 }, expectSlower);
  it('finds no change in an unchanged kernel', { timeout: 120_000 }, expectSame);
});

describe.runIf(rounds > 0)('compareKernels, by the clock', () => {
  for (let round = 1; round <= rounds; round++) {
    it(`round ${round}: finds ten percent more work`, { timeout: 300_000 }, expectSlower);
    it(`round ${round}: finds no change in an unchanged kernel`, { timeout: 300_000 }, expectSame);
  }
});
