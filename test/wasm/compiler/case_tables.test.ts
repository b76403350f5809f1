import { describe, expect, it } from 'vitest';
import { type Case, type CaseTable, shapesOf } from '../../../src/oracle/case_table.ts';
import { caseTables, isOfResnet } from '../../../src/oracle/cases/index.ts';
import { expectationOf } from '../../../src/oracle/check.ts';
import { type Data, run } from './harness.ts';

/** Runs a case on the compiled module alone, without the wasm device. Returns what is wrong, or undefined. */
function failureOf(table: CaseTable, row: Case): string | undefined {
  const { kernel, exact, bound = 1e-10 } = table;
  const { inputs, expected } = expectationOf(table, row);
  const plan = kernel.plan(shapesOf(row), row.options as never);
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
      if (row.error === undefined && !isOfResnet(row)) it(row.why, () => expect(failureOf(table, row)).toBeUndefined());
  });
