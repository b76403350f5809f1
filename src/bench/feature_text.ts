import type { FeatureResult, FeatureRound } from './feature_result.ts';
import { type Column, csvTable, digits, markdownTable, megabytes } from './table.ts';

/** For people: the rates and their ratio, whether the cost grows evenly, memory. */
export function featureText(result: FeatureResult): string {
  const { model, backbone, adapter, batch, images, rounds } = result;
  const { imagesPerSecond, kernelsPerSecond, ratio, interval, lastToFirst } = result;
  return [
    `${model} (${backbone}), ${images} images in batches of ${batch}, on ${adapter}`,
    '',
    `features           ${digits(imagesPerSecond).padStart(8)} images a second, from files to the store`,
    `the kernels alone  ${digits(kernelsPerSecond).padStart(8)}`,
    `ratio              ${ratio.toFixed(3).padStart(8)} (${interval.low.toFixed(3)} to ${interval.high.toFixed(3)}), the median of ${rounds.length} rounds, each beside its own forwards`,
    `last third         ${lastToFirst.toFixed(3).padStart(8)} of the first third’s ratio: 1 where the cost grows with the images and no faster`,
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

/** Round by round. */
export function featureCsv({ rounds }: FeatureResult): string {
  return csvTable(ROUND, rounds);
}
