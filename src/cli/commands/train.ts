import { type Command, Option } from 'commander';
import { writeFileAtomic } from '#platform';
import { openDataset } from '../../data/image_folder.ts';
import { trainingFolders } from '../../data/training_folders.ts';
import type { Network } from '../../inference/network.ts';
import { evaluateHead } from '../../inference/predict.ts';
import { recovering } from '../../inference/recovery.ts';
import type { HeadValues } from '../../nn/head.ts';
import { encodeHead, type HeadFile } from '../../nn/head_file.ts';
import type { FeatureSet } from '../../train/feature_set.ts';
import { FIT_DEFAULTS, type FitOptions, type FitResult, fit } from '../../train/fit.ts';
import type { Metrics } from '../../train/metrics.ts';
import { headMetadata, selectEpoch, type TrainingSettings } from '../../train/trained_head.ts';
import { type FeatureFlags, featureSetOf } from '../features.ts';
import { addNetworkOptions, addReuseOption, positiveNumber, wholeNumber } from '../options.ts';
import type { Output } from '../output.ts';
import { interruption, runCommand, withNetwork } from '../session.ts';
import { describeMetrics } from './evaluate.ts';

export interface TrainFlags extends Omit<FeatureFlags, keyof TrainingSettings>, TrainingSettings {
  readonly out: string;
}

export function registerTrain(program: Command): void {
  const { epochs, batchSize, lr, stepSize, gamma, seed } = FIT_DEFAULTS;
  addReuseOption(
    addNetworkOptions(
      program.command('train').argument('<dir>', 'train and val or test folders, a folder per class in each'),
    ),
  )
    .description('train a head on labelled X-rays: the backbone is frozen, so its features are computed once')
    .requiredOption('--out <file>', 'the head to write (safetensors)')
    .option('--epochs <count>', 'passes over the training images', wholeNumber(1), epochs)
    .option('--batch-size <count>', 'images in a step', wholeNumber(1), batchSize)
    .option('--lr <rate>', 'Adam’s learning rate', positiveNumber, lr)
    .option('--step-size <epochs>', 'epochs between two drops of the learning rate', wholeNumber(1), stepSize)
    .option('--gamma <factor>', 'what a drop multiplies it by', positiveNumber, gamma)
    .option('--seed <number>', 'of the first weights and of every shuffle', wholeNumber(0), seed)
    .option('--augment <copies>', 'augmented copies of each training image', wholeNumber(0), 0)
    .addOption(
      new Option('--select <which>', 'the epoch to keep: the best on the second folder, or the last')
        .choices(['best', 'last'])
        .default('best'),
    )
    .action((dir: string, flags: TrainFlags) =>
      runCommand(flags, async () => {
        const { train, val, valName: evaluationName, test } = trainingFolders(await openDataset(dir));
        await withNetwork(flags, async (network, output) => {
          const sets = {
            train: await featureSetOf(network, output, { folder: train, label: 'features of train', flags }),
            val: await featureSetOf(network, output, {
              folder: val,
              label: `features of ${evaluationName}`,
              flags: { ...flags, augment: 0 },
            }),
          };
          const result = await trainHead(network, output, {
            classes: train.classes,
            sets,
            valName: evaluationName,
            flags,
          });
          if (result === undefined) return;
          const testSet =
            test &&
            (await featureSetOf(network, output, {
              folder: test,
              label: 'features of test',
              flags: { ...flags, augment: 0 },
            }));
          const metrics = await evaluateHead(network, result.head, { set: testSet ?? sets.val });
          const file = await saveHead(network, {
            ...result,
            flags,
            images: sets.train.labels.length,
            metrics,
            measuredOn: testSet ? 'test' : evaluationName,
            chosenBy: evaluationName,
          });
          const { roc: _, ...record } = metrics;
          output.result(
            { out: flags.out, selectedEpoch: result.epoch, backbone: file.metadata.backbone, metrics: record },
            `\n${describeMetrics(metrics)}\n\n${flags.out}`,
          );
        });
      }),
    );
}

export interface TrainedHead {
  readonly head: HeadValues;
  /** Whose weights the head has, from 0. */
  readonly epoch: number;
  readonly history: FitResult['history'];
  readonly elapsedMs: number;
}

/** Runs the loop and prints its lines. Undefined where it was interrupted: nothing is written then. */
export async function trainHead(
  network: Network,
  output: Output,
  work: {
    readonly classes: readonly string[];
    readonly sets: { readonly train: FeatureSet; readonly val: FeatureSet };
    readonly valName: string;
    readonly flags: Omit<TrainFlags, 'out'>;
  },
): Promise<TrainedHead | undefined> {
  const { classes, sets, valName, flags } = work;
  let told = 0;
  // From the first epoch: the seed makes it the same one, so that what was said of it stands.
  const result = await recovering(network, () => {
    let said = 0;
    const say = (record: object, text: string) => {
      if (said++ < told) return;
      told = said;
      output.result(record, text);
    };
    const options: FitOptions = {
      ...flags,
      valName,
      signal: interruption.signal,
      onLine: line => {
        if (!output.isJson) say({}, line);
      },
      onEpoch: epoch => {
        if (output.isJson) say(epoch, '');
      },
    };
    return fit(network.device, { classes, ...sets }, options);
  });
  if (result.aborted) {
    output.warn('raycam: interrupted, no head was written');
    return undefined;
  }
  const { history, elapsedMs } = result;
  return { ...selectEpoch(result, flags.select), history, elapsedMs };
}

/** Writes the head with all that says what it is. */
export async function saveHead(
  { backbone }: Network,
  result: TrainedHead & {
    readonly flags: TrainFlags;
    readonly images: number;
    readonly metrics: Metrics;
    readonly measuredOn: string;
    /** Whose accuracy `best` goes by. */
    readonly chosenBy: string;
  },
): Promise<HeadFile> {
  const { out } = result.flags;
  const metadata = headMetadata(backbone, { ...result, settings: result.flags });
  await writeFileAtomic(out, encodeHead(result.head, metadata));
  return { name: out, head: result.head, metadata };
}
