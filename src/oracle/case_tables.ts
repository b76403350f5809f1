import * as registry from '../kernels/index.ts';
import type { AnyKernel } from '../runtime/pipelines.ts';
import type { CaseTable } from './case_table.ts';

/** Every kernel of the registry, by name. */
export const registeredKernels: readonly AnyKernel[] = Object.values<unknown>(registry)
  .filter((value): value is AnyKernel => typeof value === 'object')
  .sort((a, b) => a.name.localeCompare(b.name));

/** Returns the table of a kernel, `cases/<its name>.ts`. Bundlers include every file that fits this pattern. */
export async function caseTableOf(kernel: string): Promise<CaseTable> {
  const { default: table } = await import(`./cases/${kernel}.ts`);
  return table;
}

/** Returns the tables of all registered kernels. */
export function allCaseTables(): Promise<readonly CaseTable[]> {
  return Promise.all(registeredKernels.map(({ name }) => caseTableOf(name)));
}
