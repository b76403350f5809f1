import type { Command } from 'commander';
import { checkClasses, type Dataset, type ImageFolder } from '../../data/image_folder.ts';
import { InputError } from '../../errors/index.ts';
import { inOrderOf } from '../../inference/own_classifier.ts';
import { evaluateHead } from '../../inference/predict.ts';
import { type FeatureFlags, featureSetOf } from '../common/features.ts';
import { classesOption, HEADS_NETWORK, type HeadFlags, headOption, withVerdict } from '../common/head.ts';
import { openLabelled } from '../common/images.ts';
import { metricLines, withoutRoc } from '../common/metrics.ts';
import { addNetworkOptions, addReuseOption } from '../common/options.ts';
import { Output } from '../common/output.ts';
import { runCommand } from '../common/session.ts';

type EvaluateFlags = FeatureFlags & HeadFlags & { readonly split?: string; readonly positive?: string };

export function registerEvaluate(program: Command): void {
  const command = program
    .command('evaluate')
    .description('measure how well a head, or a network’s own classifier, tells the classes of a labelled folder apart')
    .argument('<dir>', 'a folder per class, or train, val and test folders with those')
    .addOption(headOption())
    .addOption(classesOption())
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
  await withVerdict(flags, async (network, { values, name, isOwn }, output) => {
    if (isOwn) checkOwnClasses(folder, values.classes, { name, hasNames: network.backbone.classes !== undefined });
    const head = inOrderOf(folder.classes, values);
    checkClasses(folder, head.classes, `those of ${name}`);
    const set = await featureSetOf(network, output, { folder, label: 'features', flags });
    const metrics = await evaluateHead(network, head, { set, positiveClass: flags.positive });
    output.result({ ...withoutRoc(metrics), skipped: set.skipped.length }, metricLines(metrics));
    for (const note of metrics.notes) output.note(note);
  });
}

/** Checks that a network's own classifier has named classes, as many as the folder. @throws InputError */
function checkOwnClasses(
  { root, classes }: ImageFolder,
  own: readonly string[],
  { name, hasNames }: { readonly name: string; readonly hasNames: boolean },
): void {
  if (own.length !== classes.length)
    throw new InputError(
      `weights: ${name}: has ${own.length} classes, but ${root} has ${classes.length} (${classes.join(', ')}). Pass a head with --head`,
    );
  if (!hasNames)
    throw new InputError(
      `weights: ${name}: has ${own.length} classes without names. Name them in the order of its outputs, such as --classes ${classes.join(',')}, or pass a head with --head`,
    );
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
