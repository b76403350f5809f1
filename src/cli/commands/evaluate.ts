import type { Command } from 'commander';
import { checkClasses, type Dataset, type ImageFolder, openDataset } from '../../data/image_folder.ts';
import { InputError } from '../../errors/index.ts';
import { evaluateHead } from '../../inference/predict.ts';
import type { Metrics } from '../../train/metrics.ts';
import { type FeatureFlags, featureSetOf } from '../features.ts';
import { withHead } from '../head.ts';
import { addNetworkOptions, addReuseOption } from '../options.ts';
import { runCommand } from '../session.ts';

type EvaluateFlags = FeatureFlags & { readonly head?: string; readonly split?: string; readonly positive?: string };

export function registerEvaluate(program: Command): void {
  addReuseOption(
    addNetworkOptions(
      program.command('evaluate').argument('<dir>', 'a folder per class, or train / val / test above them'),
      'the head’s',
    ),
  )
    .description('how well a head tells the classes apart on a labelled folder')
    .option('--head <file>', 'a head of `raycam train` (default: the bundled one)')
    .option('--split <name>', 'train, val, test or all (default: test, else val, else the whole folder)')
    .option('--positive <class>', 'the class that sensitivity and AUROC are about (default: PNEUMONIA, else the last)')
    .action((dir: string, flags: EvaluateFlags) =>
      runCommand(flags, async () => {
        const folder = splitOf(await openDataset(dir), flags.split);
        await withHead(flags, async (network, head, output, file) => {
          checkClasses(folder, head.classes, `those of ${file.name}`);
          const set = await featureSetOf(network, output, { folder, label: 'features', flags });
          const metrics = await evaluateHead(network, file.head, { set, positiveClass: flags.positive });
          const { roc: _, ...record } = metrics;
          output.result({ ...record, skipped: set.skipped.length }, describeMetrics(metrics));
          for (const note of metrics.notes) output.note(note);
        });
      }),
    );
}

/** @throws InputError  the dataset has no such split */
function splitOf({ root, splits }: Dataset, name?: string): ImageFolder {
  const folder =
    name === undefined
      ? (splits.test ?? splits.val ?? splits.all ?? splits.train)
      : splits[name as keyof typeof splits];
  if (!folder) throw new InputError(`${root}: no split "${name}", it has ${Object.keys(splits).join(', ')}`);
  return folder;
}

/** A table for people. */
export function describeMetrics({
  images,
  loss,
  accuracy,
  sensitivity,
  specificity,
  auroc,
  aurocInterval,
  confusion,
  classes,
  positiveClass,
}: Metrics): string {
  const figure = (value: number | null) => (value === null ? '—' : value.toFixed(4));
  const interval = aurocInterval ? ` (95 % interval ${aurocInterval.map(bound => bound.toFixed(3)).join(' to ')})` : '';
  const width = Math.max(...classes.map(name => name.length), ...confusion.flat().map(count => `${count}`.length));
  const rows = confusion.map(
    (row, k) => `  ${classes[k]!.padEnd(width)}  ${row.map(count => `${count}`.padStart(width)).join('  ')}`,
  );
  return [
    `images       ${images}`,
    `loss         ${loss.toFixed(4)}`,
    `accuracy     ${figure(accuracy)}`,
    `sensitivity  ${figure(sensitivity)}  (${positiveClass} found)`,
    `specificity  ${figure(specificity)}`,
    `AUROC        ${figure(auroc)}${interval}`,
    `true, by row; predicted, by column`,
    `  ${''.padEnd(width)}  ${classes.map(name => name.padStart(width)).join('  ')}`,
    ...rows,
  ].join('\n');
}
