import { adapterLabel } from './environment.ts';
import { type KernelResult, type KernelRow, type Refusal, timeOf } from './kernel_result.ts';
import { isNoisy } from './statistics.ts';
import { type Column, csvTable, digits, markdownTable, textTable } from './table.ts';

const COLUMNS: readonly Column<KernelRow>[] = [
  { name: 'operation', text: ({ operation }) => operation },
  { name: 'shape', text: ({ shape }) => shape },
  { name: 'in', text: ({ modules }) => (modules.length > 0 ? `${modules.length}x` : ''), align: 'right' },
  { name: 'variant', text: variantOf },
  { name: 'ms', text: row => digits(timeOf(row)), align: 'right' },
  { name: 'p5', text: ({ gpu, wall }) => digits((gpu ?? wall).p5), align: 'right' },
  { name: 'p95', text: ({ gpu, wall }) => digits((gpu ?? wall).p95), align: 'right' },
  { name: 'wall', text: ({ wall }) => digits(wall.median), align: 'right' },
  { name: 'GFLOP/s', text: ({ gflops }) => digits(gflops), align: 'right' },
  { name: 'GB/s', text: ({ gbps }) => digits(gbps), align: 'right' },
  { name: 'compile', text: ({ compileMs }) => digits(compileMs), align: 'right' },
  { name: 'error', text: ({ error }) => error.toExponential(1), align: 'right' },
];

/** Unrounded numbers, for programs. */
const CSV_COLUMNS: readonly Column<KernelRow>[] = [
  { name: 'operation', text: ({ operation }) => operation },
  { name: 'shape', text: ({ shape }) => shape },
  { name: 'modules', text: ({ modules }) => String(modules.length) },
  { name: 'variant', text: ({ variant }) => variant },
  { name: 'kernels', text: ({ kernels }) => kernels.join(' ') },
  { name: 'gpuMs', text: ({ gpu }) => String(gpu?.median ?? '') },
  { name: 'wallMs', text: ({ wall }) => String(wall.median) },
  { name: 'p5Ms', text: ({ gpu, wall }) => String((gpu ?? wall).p5) },
  { name: 'p95Ms', text: ({ gpu, wall }) => String((gpu ?? wall).p95) },
  { name: 'madMs', text: ({ gpu, wall }) => String((gpu ?? wall).mad) },
  { name: 'samples', text: ({ wall }) => String(wall.samples) },
  { name: 'repeats', text: ({ repeats }) => String(repeats) },
  { name: 'firstMs', text: ({ firstMs }) => String(firstMs) },
  { name: 'compileMs', text: ({ compileMs }) => String(compileMs ?? '') },
  { name: 'flop', text: ({ flop }) => String(flop ?? '') },
  { name: 'bytes', text: ({ bytes }) => String(bytes) },
  { name: 'gflops', text: ({ gflops }) => String(gflops ?? '') },
  { name: 'gbps', text: ({ gbps }) => String(gbps) },
  { name: 'error', text: ({ error }) => String(error) },
];

/** Formats a table for people. */
export function kernelText(result: KernelResult): string {
  return [...headLines(result), '', textTable(COLUMNS, result.rows), ...footLines(result)].join('\n');
}

/** Formats the same as Markdown. */
export function kernelMarkdown(result: KernelResult): string {
  return [...headLines(result), '', markdownTable(COLUMNS, result.rows), ...footLines(result)].join('\n');
}

/** Formats unrounded numbers for programs. */
export function kernelCsv({ rows }: KernelResult): string {
  return csvTable(CSV_COLUMNS, rows);
}

function headLines({ environment, peaks }: KernelResult): string[] {
  const { adapter, runtime, cpu, cores, raycam, commit, timestamps } = environment;
  const clock = {
    exact: 'times by the adapter’s clock, in nanoseconds',
    quantised: 'times by the adapter’s clock, which this browser rounds; samples are long compared with that',
    none: 'times by the host’s clock, because the adapter has no timestamps',
  }[timestamps];
  return [
    `${adapterLabel(adapter)} · ${[runtime, cpu, `${cores} cores`].filter(text => text).join(' · ')} · raycam ${raycam}${commit ? ` (${commit})` : ''}`,
    `peaks: ${digits(peaks.fmaGflops)} GFLOP/s multiply-add; copy ${digits(peaks.copyGBps)} GB/s, triad ${digits(peaks.triadGBps)} GB/s, from caches ${digits(peaks.cachedTriadGBps)} GB/s`,
    `${clock}; milliseconds per run; convolutions count as direct; bytes as if each tensor moved once`,
  ];
}

function footLines({ rows, refused }: KernelResult): string[] {
  const noisy = rows.filter(({ gpu, wall }) => isNoisy(gpu ?? wall)).length;
  const lines = refused.map(refusalLine);
  if (noisy > 0)
    lines.push(
      `noisy: in ${noisy} of ${rows.length} rows, half of the samples differ by more than 5 % from the median`,
    );
  return lines.length > 0 ? ['', ...lines] : [];
}

function refusalLine({ operation, shape, variant, reason }: Refusal): string {
  return `refused: ${operation} ${shape} by ${variant} is wrong and was not timed (${reason})`;
}

function variantOf({ variant, kernels }: KernelRow): string {
  const [only] = kernels;
  if (kernels.length === 1 && variant.startsWith(only!)) return variant;
  return `${variant}: ${kernels.join(' ')}`;
}
