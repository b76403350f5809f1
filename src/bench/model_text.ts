import type { HalfReport, LayerTable, LayerTime, MemoryReport, ModelResult } from './model_result.ts';
import type { Summary } from './statistics.ts';
import { type Column, csvTable, digits, markdownTable, megabytes, textTable } from './table.ts';

const LAYER_COLUMNS: readonly Column<LayerTime>[] = [
  { name: 'module', text: ({ path }) => path },
  { name: 'ms', text: ({ ms }) => digits(ms), align: 'right' },
  { name: '± MAD', text: ({ mad }) => digits(mad), align: 'right' },
  { name: 'MFLOP', text: ({ flop }) => digits(flop && flop / 1e6), align: 'right' },
  { name: 'GFLOP/s', text: ({ gflops }) => digits(gflops), align: 'right' },
  { name: 'kernels', text: ({ kernels }) => kernels.join(' ') },
];

/** Formats the start by stages, the warm forward, memory and layers for people. */
export function modelText(result: ModelResult): string {
  const { model, backbone, adapter, batch, side, eager, forward, flop, gflops, fmaGflops, noisy } = result;
  const lines = [
    `${model} (${backbone}), batch ${batch}, ${side} x ${side}, ${eager ? 'recorded again for each forward, ' : ''}on ${adapter}`,
    '',
    ...startLines(result),
    '',
    'warm forward, ms        median      p5     p95     MAD',
    summaryLine('whole', forward.total),
    summaryLine('  upload', forward.upload),
    summaryLine('  forward', forward.forward),
    summaryLine('    host, to submit', forward.host),
    ...(forward.hostAhead ? [summaryLine('      encoded ahead', forward.hostAhead)] : []),
    ...(forward.gpu ? [summaryLine('    adapter’s clock', forward.gpu)] : []),
    summaryLine('  readback', forward.readback),
    `${forward.total.samples} samples; ${(flop / 1e9).toFixed(2)} GFLOP counted as direct convolution, ${digits(gflops)} GFLOP/s over the forward`,
    `${((100 * gflops) / fmaGflops).toFixed(1)} % of the multiply-add peak of ${digits(fmaGflops)} GFLOP/s, measured before and after`,
    ...(noisy
      ? ['noisy: half of the forwards differ by more than 5 % from the median. Other programs use this machine']
      : []),
    '',
    ...result.memory.flatMap(memoryLines),
    ...(result.half ? [halfLine(result.half)] : []),
  ];
  if (result.byLayer) lines.push('', textTable(LAYER_COLUMNS, result.byLayer.layers), '', layerSum(result.byLayer));
  return lines.join('\n');
}

/** Formats the warm forward, and the layers if they were measured. */
export function modelMarkdown(result: ModelResult): string {
  const rows = [
    ['whole: upload, forward, readback', result.forward.total],
    ['forward', result.forward.forward],
    ...(result.forward.gpu ? [['forward, adapter’s clock', result.forward.gpu] as const] : []),
  ] as const;
  const columns: readonly Column<(typeof rows)[number]>[] = [
    { name: `${result.model}, batch ${result.batch}, ${result.adapter}; ms`, text: ([name]) => name },
    { name: 'median', text: ([, { median }]) => digits(median), align: 'right' },
    { name: 'p5', text: ([, { p5 }]) => digits(p5), align: 'right' },
    { name: 'p95', text: ([, { p95 }]) => digits(p95), align: 'right' },
  ];
  const table = markdownTable(columns, rows);
  if (!result.byLayer) return table;
  return `${table}\n\n${markdownTable(LAYER_COLUMNS, result.byLayer.layers)}\n\n${layerSum(result.byLayer)}`;
}

/** Formats one row per module if they were measured, otherwise one row for the network. */
export function modelCsv(result: ModelResult): string {
  if (result.byLayer) return csvTable(LAYER_COLUMNS, result.byLayer.layers);
  const columns: readonly Column<ModelResult>[] = [
    { name: 'model', text: ({ model }) => model },
    { name: 'adapter', text: ({ adapter }) => adapter },
    { name: 'threads', text: ({ threads }) => String(threads ?? '') },
    { name: 'batch', text: ({ batch }) => String(batch) },
    { name: 'medianMs', text: ({ medianMs }) => String(medianMs) },
    { name: 'p95Ms', text: ({ p95Ms }) => String(p95Ms) },
    { name: 'firstMs', text: ({ firstMs }) => String(firstMs) },
    { name: 'compileMs', text: ({ compileMs }) => String(compileMs) },
    { name: 'peakBytes', text: ({ peakBytes }) => String(peakBytes) },
  ];
  return csvTable(columns, [result]);
}

function startLines({ coldStart }: ModelResult): string[] {
  const { deviceOpenMs, compile, weightsMs, firstForwardMs, totalMs, nextForwardsMs } = coldStart;
  const { pipelines, shaders, translateMs, engineMs, wasmBytes } = compile;
  const wasm =
    translateMs === undefined
      ? ''
      : `; WGSL to WebAssembly ${digits(translateMs)}, the JavaScript engine alone ${digits(engineMs)} for ${megabytes(wasmBytes!)}`;
  return [
    `cold start, one stage after another: ${digits(totalMs)} ms`,
    stageLine('device', deviceOpenMs),
    `${stageLine('compile', compile.ms)}  ${pipelines} pipelines from ${shaders} shaders${wasm}`,
    stageLine('weights', weightsMs),
    stageLine('first forward', firstForwardMs),
    `  then ${nextForwardsMs.map(digits).join(', ')}`,
  ];
}

function stageLine(name: string, ms: number): string {
  return `  ${name.padEnd(18)}${digits(ms).padStart(9)}`;
}

function summaryLine(name: string, { median, p5, p95, mad }: Summary): string {
  return name.padEnd(22) + [median, p5, p95, mad].map(value => digits(value).padStart(8)).join('');
}

function halfLine({ of, largestError, sameClass }: HalfReport): string {
  const factors = of === 'weights' ? 'weights' : 'weights and pixels';
  const same =
    sameClass === 1 ? 'the same class' : `the same class for ${(100 * sameClass).toFixed(1)} % of the images`;
  return `error with 16-bit ${factors}: ${largestError.toExponential(1)} of the largest logit against 32 bits, ${same}`;
}

function memoryLines({
  compact,
  halfWeights,
  weightsBytes,
  loadedBytes,
  peakBytes,
  activationBytes,
  ratio,
  reservedBytes,
}: MemoryReport) {
  const reserved = reservedBytes === undefined ? '' : `; the WebAssembly memory grew to ${megabytes(reservedBytes)}`;
  return [
    `memory${halfWeights ? ' with --half' : compact ? ' with --compact' : ''}: ${megabytes(peakBytes)} at the peak, ${ratio.toFixed(2)} times the weights’ ${megabytes(weightsBytes)}`,
    `  ${megabytes(loadedBytes)} loaded (${(loadedBytes / weightsBytes).toFixed(2)} times the weights), ${megabytes(activationBytes)} more while a forward runs${reserved}`,
  ];
}

function layerSum({ sumMs, forwardMs, remainderMs }: LayerTable): string {
  const share = ((100 * remainderMs) / forwardMs).toFixed(1);
  return `modules ${digits(sumMs)} ms, the whole forward ${digits(forwardMs)} ms: ${digits(remainderMs)} ms (${share} %) belong to no module`;
}
