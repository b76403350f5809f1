import { describe, expect, it } from 'vitest';
import { type Case, type CaseTable, shapesOf } from '../../../src/oracle/case_table.ts';
import { allCaseTables } from '../../../src/oracle/case_tables.ts';
import { compareValues, expectationOf } from '../../../src/oracle/check.ts';
import { type Data, run } from './harness.ts';

/** Runs one case on the bare module, without the device, and returns what is wrong with each output. */
function failuresOf(table: CaseTable, row: Case): readonly string[] {
  const { kernel } = table;
  const { inputs, expected } = expectationOf(table, row);
  const plan = kernel.plan(shapesOf(row), row.options as never);
  const buffers: Record<string, Data> = {};
  for (const { name } of kernel.interface.bindings) buffers[name] = new Float32Array(1);
  for (const [name, { data }] of Object.entries(inputs)) buffers[name] = data.slice();
  for (const name of kernel.outputs) buffers[name] = new Float32Array(expected[name]!.data.length).fill(Number.NaN);
  if (plan.params) buffers.params = new Uint32Array(kernel.packParams(plan.params));
  run(kernel.shader, buffers, { workgroups: plan.workgroups, constants: plan.constants });
  return Object.entries(expected)
    .map(([name, values]) => compareValues(name, buffers[name] as Float32Array, values, table).failure)
    .filter(failure => failure !== undefined);
}

for (const table of await allCaseTables())
  describe(table.kernel.name, () => {
    const { feature } = table.kernel;
    const rows = table.cases.filter(row => row.error === undefined && !row.large);
    // A kernel that needs a feature of GPUs does not compile, and the error names the feature's first word.
    if (feature !== undefined)
      it(`is refused, because the compiler does not know the feature "${feature}"`, () =>
        expect(() => failuresOf(table, rows[0]!)).toThrow(/subgroup/));
    else for (const row of rows) it(row.why, () => expect(failuresOf(table, row)).toEqual([]));
  });
