/** The kernels that ran for a layer in this network, and their times. */
import type { Operation } from '../../../inspection/operations.ts';
import type { OutputOf } from '../../engine/client.ts';
import { engineStatus } from '../../engine/client.ts';
import { CodeName } from '../../parts/code_name.tsx';
import { describeAdapter } from '../../parts/engine_chip.tsx';
import { Fault } from '../../parts/fault.tsx';
import { Figures } from '../../parts/figures.tsx';
import { TableHead } from '../../parts/table_head.tsx';
import type { Answer } from '../../state/use_call.ts';
import { describeOperation, formatCount, formatMs, formatShape } from '../inspect/operation_words.ts';

export type Kernels = OutputOf<'layerKernels'>;

export interface RunPanelProps {
  readonly operation: Operation;
  readonly answer: Answer<Kernels>;
}

export function RunPanel({ operation, answer }: RunPanelProps) {
  const status = engineStatus.value;
  return (
    <section class="panel kernel-run" aria-label="What ran">
      <header>
        <p class="layer-path mono" data-testid="kernel-path">
          {operation.path}
        </p>
        <p class="about">
          {describeOperation(operation)}; output {formatShape(operation.shape)}
          {operation.kind === 'convolution' && '; its epilogue includes batch norm and what follows'}.
        </p>
      </header>
      {answer.state === 'failed' && <Fault text={answer.message} />}
      {answer.state === 'working' && <p class="soft">Measuring …</p>}
      {answer.state === 'done' && (
        <>
          <Rates kernels={answer.value} />
          <Dispatches kernels={answer.value} />
          <p class="about">
            {status.state === 'ready' && `On ${describeAdapter(status.adapter)}: `}
            median of {answer.value.time.samples} samples on the buffers of a forward pass, by{' '}
            {answer.value.isAdapterTime ? 'the adapter’s clock' : 'this computer’s clock: the adapter has none'}. FLOP
            are those of a direct convolution, whatever kernel runs.
          </p>
        </>
      )}
    </section>
  );
}

function Rates({ kernels: { time, flop, bytes } }: { readonly kernels: Kernels }) {
  const gflops = flop / time.median / 1e6;
  const figures = [
    { id: 'kernel-ms', name: 'time', value: time.median, text: `${formatMs(time.median)} ms` },
    { id: 'kernel-gflops', name: 'GFLOP/s', value: gflops, text: gflops.toPrecision(3) },
    { id: 'kernel-flop', name: 'FLOP', value: flop, text: formatCount(flop) },
    { id: 'kernel-bytes', name: 'minimum bytes', value: bytes, text: `${formatCount(bytes)}B` },
    { id: 'kernel-intensity', name: 'FLOP per byte', value: flop / bytes, text: (flop / bytes).toPrecision(3) },
  ];
  return <Figures class="kernel-figures" figures={figures} />;
}

function Dispatches({ kernels: { dispatches } }: { readonly kernels: Kernels }) {
  return (
    <div class="table-room">
      <table class="kernel-table">
        <TableHead columns={['dispatch', 'workgroups', 'constants', 'ms']} />
        <tbody>
          {dispatches.map(({ kernel, workgroups, constants, ms }, i) => (
            <tr key={i}>
              <th scope="row" class="mono" data-testid="dispatch">
                <CodeName name={kernel} />
              </th>
              <td>{workgroups.join(' × ')}</td>
              <td>
                {Object.entries(constants)
                  .map(([name, value]) => `${name} ${value}`)
                  .join(', ') || '–'}
              </td>
              <td>{formatMs(ms)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
