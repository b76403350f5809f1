import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { floatTable } from './builtins/floats.ts';
import { integerTable } from './builtins/integers.ts';
import { operatorTable } from './builtins/operators.ts';
import { packingTable } from './builtins/packing.ts';
import { type Job, refusedProgram, vectorized, wrongIn } from './builtins/run.ts';
import type { Group } from './builtins/table.ts';
import { vectorTable } from './builtins/vectors.ts';
import { execute, openDawn, openWasm, type Tested } from './differential/devices.ts';

let dawn: Tested;
let wasm: Tested;
let relaxed: Tested;
beforeAll(async () => {
  dawn = await openDawn();
  wasm = await openWasm({ relaxedSimd: false });
  relaxed = await openWasm({ relaxedSimd: true });
});
afterAll(() => {
  wasm.device.destroy();
  relaxed.device.destroy();
});

/**
 * Returns the rows to run on a device. The wasm device runs everything. Dawn runs neither the rows whose results WGSL
 * leaves open nor those that it is known to get wrong. Of the vectors, Dawn runs only those of size 3, and the wasm
 * device with relaxed SIMD only those of size 4.
 */
function jobsOf(groups: readonly Group[], device: Tested, size: number): Job[] {
  if (size > 1 && ((device === dawn && size !== 3) || (device === relaxed && size !== 4))) return [];
  return groups.flatMap(group => {
    const { rows, runTime = [], open = [], dawnIsOff = [] } = group;
    const defined = device === dawn ? rows.filter((_, i) => !dawnIsOff.includes(i)) : rows;
    const atRunTime = [...defined, ...runTime, ...(device === dawn ? [] : open)];
    const jobs = [{ group, rows: atRunTime, isConst: false }];
    // The compiler evaluates constants, so relaxed SIMD does not affect them.
    if (device !== relaxed && (device !== dawn || size === 1)) jobs.push({ group, rows: [...defined], isConst: true });
    return jobs;
  });
}

const TABLES: Record<string, readonly Group[]> = {
  'integer functions': integerTable,
  'float functions': floatTable,
  'packing functions': packingTable,
  'vectors and matrices': vectorTable,
  'operators and conversions': operatorTable,
};

for (const [title, table] of Object.entries(TABLES)) {
  const rows = table.reduce(
    (sum, group) => sum + group.rows.length + (group.runTime?.length ?? 0) + (group.open?.length ?? 0),
    0,
  );
  describe(`${title}: ${table.length} overloads, ${rows} rows`, () => {
    for (const size of [1, 2, 3, 4]) {
      const groups = size === 1 ? table : table.filter(({ scalars }) => scalars).map(group => vectorized(group, size));
      if (groups.length === 0) continue;
      it(size === 1 ? 'return the expected results' : `return the expected results in vectors of ${size}`, async () => {
        for (const device of [wasm, relaxed, dawn])
          expect(await wrongIn(device, jobsOf(groups, device, size))).toEqual([]);
      });
    }

    const refusing = table.filter(({ refused }) => refused);
    if (refusing.length === 0) return;
    it(`${refusing.length} overloads refuse invalid constants`, async () => {
      const taken: string[] = [];
      for (const group of refusing)
        for (const args of group.refused!)
          for (const device of [dawn, wasm])
            if (!('error' in (await execute(device, refusedProgram(group, args)))))
              taken.push(`${device.name} accepts ${group.call} for ${JSON.stringify(args)}`);
      expect(taken).toEqual([]);
    });
  });
}
