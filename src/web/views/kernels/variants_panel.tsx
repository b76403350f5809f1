/** Every variant that can run the layer: checked, timed, and compared with the adapter's measured roofline. */
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
        <p class="about">This operation has only one kernel.</p>
      </section>
    );
  return (
    <section class="panel variants" aria-label="Variants">
      <h2>Variants and roofline</h2>
      {answer.state === 'idle' && (
        <>
          <p class="about">
            Checks every kernel that supports this shape against a 64-bit reference, times them in turns, and measures
            the adapter’s peak rates. It takes about 15 s. Nothing else is computed meanwhile.
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
            columns={['variant', 'ms', '± (median deviation)', 'GFLOP/s', 'time / fastest', 'error vs. f64']}
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
                  wrong result, not timed: {reason}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Svg class="roofline" markup={chart} />
      <p class="about">
        The error is the largest difference divided by the largest value. Variants run alone on synthetic values,
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

/** Adds the layer as it ran in the network to the variants. */
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
