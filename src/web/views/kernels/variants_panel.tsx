/** What else could run the layer: every variant checked, timed, and set under the adapter's measured roof. */
import { useMemo, useState } from 'preact/hooks';
import type { KernelResult, KernelRow } from '../../../bench/kernel_result.ts';
import { timeOf } from '../../../bench/kernel_result.ts';
import { rooflineChart } from '../../../bench/roofline.ts';
import type { Operation } from '../../../inspection/operations.ts';
import { CodeName } from '../../parts/code_name.tsx';
import { Fault } from '../../parts/fault.tsx';
import { Svg } from '../../parts/svg.tsx';
import { TableHead } from '../../parts/table_head.tsx';
import { isNarrow } from '../../state/narrow.ts';
import { useCall } from '../../state/use_call.ts';
import { formatMs } from '../inspect/operation_words.ts';
import type { Kernels } from './run_panel.tsx';

export interface VariantsPanelProps {
  readonly operation: Operation;
  readonly kernels: Kernels;
}

const KEPT_COMPARISONS = 16;

export function VariantsPanel({ operation, kernels }: VariantsPanelProps) {
  const [isAsked, setAsked] = useState(false);
  const answer = useCall('compareVariants', isAsked ? { layer: operation.path } : null, { keep: KEPT_COMPARISONS });
  if (operation.kind !== 'convolution')
    return (
      <section class="panel" aria-label="Variants">
        <h2>Variants</h2>
        <p class="about">There is one kernel for this operation.</p>
      </section>
    );
  return (
    <section class="panel variants" aria-label="Variants">
      <h2>Variants and roofline</h2>
      {answer.state === 'idle' && (
        <>
          <p class="about">
            Checks every kernel that can do this shape against 64-bit loops, times them in turns, and measures what the
            adapter can do at most. It takes a quarter of a minute or so, in which nothing else is computed.
          </p>
          <button type="button" class="primary" data-testid="compare" onClick={() => setAsked(true)}>
            Measure and compare
          </button>
        </>
      )}
      {answer.state === 'working' && (
        <p class="variants-wait">
          <span role="status">Measuring {answer.progress ?? ''} …</span>
          <button type="button" onClick={() => setAsked(false)}>
            Stop
          </button>
        </p>
      )}
      {answer.state === 'failed' && <Fault text={answer.message} />}
      {answer.state === 'done' && <Comparison result={answer.value} kernels={kernels} />}
    </section>
  );
}

function Comparison({ result, kernels }: { readonly result: KernelResult; readonly kernels: Kernels }) {
  const rows = [...result.rows].sort((a, b) => timeOf(a) - timeOf(b));
  const fastest = timeOf(rows[0]!);
  const narrow = isNarrow.value;
  const chart = useMemo(() => rooflineChart(withOwn(result, kernels), { isNarrow: narrow }), [result, kernels, narrow]);
  return (
    <>
      <div class="table-room">
        <table class="kernel-table" data-testid="variants">
          <TableHead
            columns={['variant', 'ms', '± (median deviation)', 'GFLOP/s', 'of the fastest', 'error against f64']}
          />
          <tbody>
            {rows.map(row => (
              <VariantRow key={row.variant} row={row} fastest={fastest} />
            ))}
            {result.refused.map(({ variant, reason }) => (
              <tr key={variant}>
                <th scope="row" class="mono">
                  {variant}
                </th>
                <td colSpan={5} class="error-text">
                  wrong, not timed: {reason}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Svg class="roofline" markup={chart} />
      <p class="about">
        The error is the largest difference as a share of the largest value. Variants run alone on made-up values,
        without a shortcut; the point “in the network” is the layer as it ran above.
      </p>
    </>
  );
}

function VariantRow({ row, fastest }: { readonly row: KernelRow; readonly fastest: number }) {
  const ms = timeOf(row);
  const { mad } = row.gpu ?? row.wall;
  return (
    <tr>
      <th scope="row" class="mono">
        <CodeName name={row.variant === 'engine' ? `${row.kernels.join(' + ')}, the network’s choice` : row.variant} />
      </th>
      <td data-testid={`variant-${row.variant}`} data-value={ms}>
        {formatMs(ms)}
      </td>
      <td>
        {formatMs(mad)}
        {row.noisy && ' noisy'}
      </td>
      <td>{row.gflops?.toPrecision(3) ?? '–'}</td>
      <td>{(ms / fastest).toFixed(2)} ×</td>
      <td data-testid={`variant-error-${row.variant}`} data-value={row.error}>
        {row.error.toExponential(1)}
      </td>
    </tr>
  );
}

/** The layer as it ran in the network, beside the variants. */
function withOwn(result: KernelResult, { path, dispatches, time, flop, bytes }: Kernels): KernelResult {
  const [first] = result.rows;
  if (!first) return result;
  const own: KernelRow = {
    ...first,
    shape: `${path} in the network`,
    variant: 'the network',
    kernels: dispatches.map(({ kernel }) => kernel),
    gpu: time,
    wall: time,
    flop,
    bytes,
  };
  return { ...result, rows: [...result.rows, own] };
}
