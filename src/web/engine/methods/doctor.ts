/** `raycam doctor` for this browser: the same self-test, the same report. */
import { availableCores } from '#platform';
import { version } from '../../../../package.json';
import { type Comparison, compareAll, digestsOf, passes } from '../../../doctor/compare_reports.ts';
import { type AdapterRecord, checkAdapter } from '../../../doctor/doctor_report.ts';
import type { AdapterChoice } from '../../../runtime/adapter.ts';
import type { Engine } from '../engine.ts';
import type { Call } from '../serve_calls.ts';

/** The report that `raycam doctor --compare` reads. */
export interface PageReport {
  readonly raycam: string;
  readonly browser: string;
  readonly cores: number;
  readonly adapters: readonly AdapterRecord[];
  readonly comparisons: readonly Comparison[];
  readonly passed: boolean;
}

export const doctorMethods = {
  /** Tests each adapter on a device of its own, separate from the open one. `progress` names the current adapter. */
  async doctor(_: object, { engine, signal, progress }: Call<Engine, AdapterChoice>): Promise<PageReport> {
    const adapters: AdapterRecord[] = [];
    const check = async (adapter: AdapterChoice) => {
      signal.throwIfAborted();
      progress(adapter);
      const record = await checkAdapter(adapter, engine.threads);
      adapters.push(record);
      return record.present;
    };
    // In a browser, `swiftshader` opens any WebGPU adapter.
    if (!(await check('gpu'))) await check('swiftshader');
    await check('wasm');
    const comparisons = compareAll(digestsOf({ adapters }));
    return {
      raycam: version,
      browser: navigator.userAgent,
      cores: availableCores(),
      adapters,
      comparisons,
      passed: passes(adapters, comparisons),
    };
  },
};
