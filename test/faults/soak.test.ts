import { beforeAll, expect, it } from 'vitest';
import { bundleTool } from '../../scripts/bundle_tool.mjs';
import { root } from '../cli/run.ts';
import { predictFiles } from './predict_files.ts';
import { runSoak } from './run_soak.ts';
import type { Holding, SoakResult } from './soak.ts';

/** RAYCAM_SOAK multiplies the amount of work; scripts/soak.mjs runs the full amount. */
const SCALE = Number(process.env.RAYCAM_SOAK ?? 1);

let bundle: string;
beforeAll(async () => {
  bundle = await bundleTool('test/faults/soak.ts');
});

/** Allowance for the system's allocator and V8's compilers. A leak of one image per pass would exceed it. */
const SLACK_MB = 25;

/** Expects that neither the device nor the process grows after the first tenth. */
function expectFlat({ holdings, differing, idleCpuMs }: SoakResult): void {
  const [first, , last] = holdings as [Holding, Holding, Holding];
  expect(differing).toBe(0);
  expect(last.liveBytes).toBe(first.liveBytes);
  expect(last.pooledBytes).toBe(first.pooledBytes);
  expect(Math.abs(last.wasmUsedBytes - first.wasmUsedBytes)).toBeLessThan(100_000); // programs that a thread is still leaving
  expect(last.wasmReservedBytes).toBe(first.wasmReservedBytes);
  expect([last.threads, last.files, last.resources]).toEqual([first.threads, first.files, []]);
  expect(last.rssMB - first.rssMB).toBeLessThan(SLACK_MB);
  expect(last.heapMB - first.heapMB).toBeLessThan(5);
  expect(idleCpuMs).toBeLessThan(50);
}

it.each([1, 2])(
  '200 forward passes on %i threads use no more memory than 20, and the process is idle afterwards',
  async threads => {
    const result = await runSoak(bundle, 'passes', { count: 200 * SCALE, side: 32, threads });
    expectFlat(result);
    const [first] = result.holdings;
    expect(first!.liveBytes).toBeGreaterThan(40e6); // the weights are loaded
    const { afterwards } = result;
    expect(afterwards.threads).toBe(first!.threads - threads);
    expect(first!.rssMB - afterwards.rssMB).toBeGreaterThan(100);
  },
);

it('50 devices leave nothing behind', async () => {
  const result = await runSoak(bundle, 'devices', { count: 50 * SCALE, threads: 2 });
  expectFlat(result);
});

it('predictions use no more memory at the end than at the start', async () => {
  const result = await runSoak(bundle, 'predictions', { count: 100 * SCALE });
  expectFlat(result);
  expect(result.afterwards.threads).toBe(result.holdings[0]!.threads - 2);
});

it('`predict` answers every valid file, and names every broken one', async () => {
  const found = await predictFiles({ root, count: 40 * SCALE, threads: 2, adapter: 'wasm', every: 4 });
  expect(found).toMatchObject({
    broken: 10 * SCALE,
    named: 10 * SCALE,
    answered: 30 * SCALE,
    wrong: 0,
    status: 1,
  });
});
