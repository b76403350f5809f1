/** Checks that this browser computes correctly, and saves a report to compare with another machine's. */
import { useState } from 'preact/hooks';
import type { Comparison } from '../../../doctor/compare_reports.ts';
import type { AdapterRecord } from '../../../doctor/doctor_report.ts';
import { call, type OutputOf } from '../../engine/client.ts';
import { download } from '../../parts/download.ts';
import { Fault } from '../../parts/fault.tsx';

export function DoctorPanel() {
  const [report, setReport] = useState<OutputOf<'doctor'>>();
  const [running, setRunning] = useState('');
  const [fault, setFault] = useState('');
  const run = async () => {
    setFault('');
    setRunning('…');
    try {
      setReport(await call('doctor', {}, { onProgress: adapter => setRunning(`${adapter} …`) }));
    } catch (error) {
      setFault((error as Error).message);
    } finally {
      setRunning('');
    }
  };
  return (
    <section class="panel" aria-label="Self-test">
      <h2>Self-test</h2>
      {report && (
        <ul class="kept" data-testid="doctor">
          {[...report.adapters.map(adapterLine), ...report.comparisons.map(comparisonLine)].map(line => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
      {!report && (
        <p class="about">Runs a ResNet-50 with known results on every adapter of this browser, in a few seconds.</p>
      )}
      <div class="buttons">
        <button type="button" disabled={running !== ''} onClick={() => void run()}>
          {running ? `Checking ${running}` : 'Run the self-test'}
        </button>
        {report && (
          <button
            type="button"
            title="JSON for raycam doctor --compare"
            onClick={() => download('raycam-doctor.json', `${JSON.stringify(report)}\n`, 'application/json')}
          >
            Save the report
          </button>
        )}
      </div>
      <Fault text={fault} />
    </section>
  );
}

function adapterLine(record: AdapterRecord): string {
  if (!record.present) return `${record.adapter}: not available. ${record.reason}`;
  const { adapter, description, selfTest } = record;
  if ('reason' in selfTest) return `${adapter}, ${description}: fails. ${selfTest.reason}`;
  const failed = selfTest.layers.find(({ passed }) => !passed);
  const error = Math.max(...selfTest.layers.map(layer => layer.error)).toExponential(1);
  return failed
    ? `${adapter}, ${description}: fails from ${failed.layer} on`
    : `${adapter}, ${description}: passes, largest error ${error} (${selfTest.bound} allowed)`;
}

function comparisonLine({ between, bound, layers, firstDivergence }: Comparison): string {
  const names = between.join(' and ');
  if (firstDivergence !== null)
    return `${names} differ: the first layer that diverges is ${firstDivergence} (${bound} allowed)`;
  const error = Math.max(...layers.map(layer => layer.error)).toExponential(1);
  return `${names} agree: the largest difference is ${error} (${bound} allowed)`;
}
