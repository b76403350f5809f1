import type { Command } from 'commander';
import { checkClasses, type Dataset, type ImageFolder } from '../../data/image_folder.ts';
import { InputError } from '../../errors/index.ts';
import { evaluateHead } from '../../inference/predict.ts';
import { type FeatureFlags, featureSetOf } from '../common/features.ts';
import { HEADS_NETWORK, type HeadFlags, headOption, withHead } from '../common/head.ts';
import { openLabelled } from '../common/images.ts';
import { metricLines, withoutRoc } from '../common/metrics.ts';
import { addNetworkOptions, addReuseOption } from '../common/options.ts';
import { Output } from '../common/output.ts';
import { runCommand } from '../common/session.ts';

type EvaluateFlags = FeatureFlags & HeadFlags & { readonly split?: string; readonly positive?: string };

export function registerEvaluate(program: Command): void {
  const command = program
    .command('evaluate')
    .description('measure how well a head tells the classes of a labelled folder apart')
    .argument('<dir>', 'a folder per class, or train, val and test folders with those')
    .addOption(headOption())
    .option('--split <name>', 'train, val, test or all (default: test, otherwise val, otherwise the whole folder)')
    .option(
      '--positive <class>',
      'the class that sensitivity and AUROC refer to (default: PNEUMONIA, otherwise the last class)',
    );
  addReuseOption(addNetworkOptions(command, HEADS_NETWORK)).action((dir: string, flags: EvaluateFlags) =>
    runCommand(flags, () => evaluate(dir, flags)),
  );
}

async function evaluate(dir: string, flags: EvaluateFlags): Promise<void> {
  const folder = splitOf(await openLabelled(dir, new Output(flags)), flags.split);
  await withHead(flags, async (network, head, output, file) => {
    checkClasses(folder, head.classes, `those of ${file.name}`);
    const set = await featureSetOf(network, output, { folder, label: 'features', flags });
    const metrics = await evaluateHead(network, file.head, { set, positiveClass: flags.positive });
    output.result({ ...withoutRoc(metrics), skipped: set.skipped.length }, metricLines(metrics));
    for (const note of metrics.notes) output.note(note);
  });
}

/** @throws InputError  the dataset has no such split */
function splitOf({ root, splits }: Dataset, name?: string): ImageFolder {
  const folder =
    name === undefined
      ? (splits.test ?? splits.val ?? splits.all ?? splits.train)
      : splits[name as keyof typeof splits];
  if (!folder) throw new InputError(`${root}: unknown split "${name}". Known: ${Object.keys(splits).join(', ')}`);
  return folder;
}
