import type { FeatureResult, FeatureRound } from './feature_bench.ts';
import { type Column, csvTable, digits, markdownTable, megabytes } from './table.ts';

/** Formats the rates, their ratio, the growth of the cost, and memory for people. */
export function featureText(result: FeatureResult): string {
  const { model, backbone, adapter, batch, images, rounds } = result;
  const { imagesPerSecond, kernelsPerSecond, ratio, interval, lastToFirst } = result;
  return [
    `${model} (${backbone}), ${images} images in batches of ${batch}, on ${adapter}`,
    '',
    `features           ${digits(imagesPerSecond).padStart(8)} images per second, from files to the store`,
    `kernels alone      ${digits(kernelsPerSecond).padStart(8)} images per second`,
    `ratio              ${ratio.toFixed(3).padStart(8)} (${interval.low.toFixed(3)} to ${interval.high.toFixed(3)}), the median of ${rounds.length} rounds, each beside its own forwards`,
    `last third         ${lastToFirst.toFixed(3).padStart(8)} times the ratio of the first third: 1 if the cost per image does not grow`,
    ...memoryLines(result),
  ].join('\n');
}

function memoryLines({ memory: { peakBytes, weightsBytes }, rounds }: FeatureResult): string[] {
  if (peakBytes === undefined) return [];
  const [first, last] = [rounds[0]!.rssBytes!, rounds.at(-1)!.rssBytes!];
  return [
    '',
    `memory of the process: ${megabytes(peakBytes)} at the peak, ${megabytes(peakBytes - weightsBytes)} above the weights’ ${megabytes(weightsBytes)}`,
    `  ${megabytes(first)} after the first round, ${megabytes(last)} after the last`,
  ];
}

const SUMMARY: readonly Column<FeatureResult>[] = [
  { name: 'model', text: ({ model }) => model },
  { name: 'adapter', text: ({ adapter }) => adapter },
  { name: 'batch', text: ({ batch }) => String(batch), align: 'right' },
  { name: 'images', text: ({ images }) => String(images), align: 'right' },
  { name: 'images/s', text: ({ imagesPerSecond }) => digits(imagesPerSecond), align: 'right' },
  { name: 'kernels alone', text: ({ kernelsPerSecond }) => digits(kernelsPerSecond), align: 'right' },
  { name: 'ratio', text: ({ ratio }) => ratio.toFixed(3), align: 'right' },
  {
    name: 'MB above weights',
    text: ({ memory: { peakBytes, weightsBytes } }) =>
      peakBytes === undefined ? '-' : ((peakBytes - weightsBytes) / 1e6).toFixed(0),
    align: 'right',
  },
];

/** Formats the summary as a table of one row. */
export function featureMarkdown(result: FeatureResult): string {
  return markdownTable(SUMMARY, [result]);
}

const ROUND: readonly Column<FeatureRound>[] = [
  { name: 'images', text: ({ images }) => String(images) },
  { name: 'forwards', text: ({ forwards }) => String(forwards) },
  { name: 'featuresMs', text: ({ featuresMs }) => String(featuresMs) },
  { name: 'kernelsMs', text: ({ kernelsMs }) => String(kernelsMs) },
  { name: 'rssBytes', text: ({ rssBytes }) => String(rssBytes ?? '') },
];

/** Formats one row per round. */
export function featureCsv({ rounds }: FeatureResult): string {
  return csvTable(ROUND, rounds);
}
