import { describe, expect, it } from 'vitest';
import { Array64 } from '../../../src/bench/array64.ts';
import type { Case, CaseTable } from '../../../src/bench/cases.ts';
import { makeInput } from '../../../src/bench/check.ts';
import { caseTables } from '../../cases/index.ts';
import { type Data, run } from './harness.ts';

/** As the device's own test does, but on the bare module: what is wrong with a case, or undefined. */
function failureOf({ kernel, reference, exact, bound = 1e-10 }: CaseTable, row: Case): string | undefined {
  const inputs = Object.fromEntries(
    Object.entries(row.inputs).map(([name, spec], i) => [name, makeInput(spec, i + 1)]),
  );
  const shapes = Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape]));
  const arrays = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, data }]) => [name, new Array64(shape, Float64Array.from(data))]),
  );
  const expected = reference(arrays as never, row.options);
  const plan = kernel.plan(shapes as never, row.options as never);
  const buffers: Record<string, Data> = {};
  for (const { name } of kernel.interface.bindings) buffers[name] = new Float32Array(1);
  for (const [name, { data }] of Object.entries(inputs)) buffers[name] = data.slice();
  for (const name of kernel.outputs) buffers[name] = new Float32Array(expected[name]!.data.length).fill(Number.NaN);
  if (plan.params) buffers.params = new Uint32Array(kernel.packParams(plan.params));
  run(kernel.shader, buffers, { workgroups: plan.workgroups, constants: plan.constants });
  for (const [name, { data: wanted }] of Object.entries(expected)) {
    let error = 0;
    let power = 0;
    for (const [i, want] of wanted.entries()) {
      const got = buffers[name]![i]!;
      if (Number.isNaN(got) !== Number.isNaN(want) || (exact && got !== Math.fround(want) && !Number.isNaN(want)))
        return `${name}: element ${i} is ${got}, expected ${want}`;
      if (Number.isNaN(want)) continue;
      error += (got - want) ** 2;
      power += want ** 2;
    }
    const normalised = power > 0 ? error / power : error;
    if (!(normalised <= bound)) return `${name}: normalised mean square error is ${normalised}`;
  }
  return undefined;
}

for (const table of caseTables)
  describe(table.kernel.name, () => {
    for (const row of table.cases)
      if (row.error === undefined && !row.why.startsWith('resnet152'))
        it(row.why, () => expect(failureOf(table, row)).toBeUndefined());
  });
