import { type CaseTable, type PerfRow, shapesOf } from '../oracle/case_table.ts';
import { caseTableOf } from '../oracle/case_tables.ts';
import { checkCase, makeInputs } from '../oracle/check.ts';
import type { AdapterFamily } from '../runtime/adapter.ts';
import type { Device } from '../runtime/device.ts';
import { elementCount, type Shape } from '../runtime/shape.ts';
import type { OpenSubject, Subject } from './subject.ts';

/** One kernel on its own, on one perf row of its table. */
class KernelSubject implements Subject {
  readonly operation: string;
  readonly shape: string;
  readonly modules: readonly string[];
  readonly flop?: number;
  readonly bytes: number;

  constructor(
    private readonly table: CaseTable,
    private readonly row: PerfRow,
  ) {
    const { kernel } = table;
    const { why, flop, modules = [] } = row;
    const shapes = shapesOf(row);
    const outputs: Record<string, Shape> = kernel.plan(shapes, row.options as never).outputs;
    const size = (named: readonly Shape[]) => named.reduce((sum, shape) => sum + elementCount(shape), 0);
    const changed = (kernel.inouts ?? []).map((name: string) => shapes[name]!);
    this.operation = kernel.name;
    this.modules = modules;
    this.shape = `${Object.values(shapes)[0]!.join('x')}${why ? `, ${why}` : ''}`;
    this.flop = flop;
    this.bytes = 4 * (size(Object.values(shapes)) + size(Object.values(outputs)) + size(changed));
  }

  variants(_adapter: AdapterFamily): readonly string[] {
    return [this.table.kernel.name];
  }

  open(device: Device): OpenSubject {
    const { kernel } = this.table;
    const inputs = Object.entries(makeInputs(this.row));
    const tensors = Object.fromEntries(
      inputs.map(([name, { shape, data }]) => [name, device.tensor(data, shape, name)]),
    );
    return {
      record: () => {
        const outputs = device.run(kernel, tensors, this.row.options as never);
        for (const tensor of Object.values(outputs)) tensor.dispose();
      },
      check: () => checkCase(device, this.table, this.row),
      dispose: () => {
        for (const tensor of Object.values(tensors)) tensor.dispose();
      },
    };
  }
}

/** Returns the perf rows of a kernel's table. */
export async function kernelSubjects(kernel: string): Promise<KernelSubject[]> {
  const table = await caseTableOf(kernel);
  return table.perf.map(row => new KernelSubject(table, row));
}
