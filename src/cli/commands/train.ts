import { type Command, Option } from 'commander';
import type { ImageFolder } from '../../data/image_folder.ts';
import { type TrainingFolders, trainingFolders } from '../../data/training_folders.ts';
import type { Features } from '../../inference/features.ts';
import type { Network } from '../../inference/network.ts';
import { type TrainedHead, trainHead } from '../../inference/train_head.ts';
import { encodeHead } from '../../nn/head_file.ts';
import type { FeatureSet } from '../../train/feature_set.ts';
import { FIT_DEFAULTS } from '../../train/fit.ts';
import type { TrainingSettings } from '../../train/trained_head.ts';
import { type FeatureFlags, featureSetOf } from '../common/features.ts';
import { openLabelled } from '../common/images.ts';
import { metricLines, withoutRoc } from '../common/metrics.ts';
import { addNetworkOptions, addReuseOption, positiveNumber, wholeNumber } from '../common/options.ts';
import { Output } from '../common/output.ts';
import { addForceOption, type OutputFlags, Outputs } from '../common/outputs.ts';
import { interruption, runCommand, withNetwork } from '../common/session.ts';

interface TrainFlags extends Omit<FeatureFlags, keyof TrainingSettings>, OutputFlags, TrainingSettings {
  readonly out: string;
}

export function registerTrain(program: Command): void {
  const { epochs, batchSize, lr, stepSize, gamma, seed } = FIT_DEFAULTS;
  const command = program
    .command('train')
    .description(
      'train a classifier (a head) on labelled X-rays, using the features that a pretrained network (the backbone) computes; the backbone is not trained, so each image’s features are computed only once',
    )
    .argument(
      '<dir>',
      'a folder that contains train/ and either val/ or test/, each with one folder per class; or a folder with just one folder per class: then the images of a fifth of the patients are kept for validation',
    )
    .requiredOption('--out <file>', 'write the head to this safetensors file')
    .option('--epochs <count>', 'number of passes over the training images', wholeNumber(1), epochs)
    .option('--batch-size <count>', 'images per training step', wholeNumber(1), batchSize)
    .option('--lr <rate>', 'learning rate of Adam', positiveNumber, lr)
    .option(
      '--step-size <epochs>',
      'multiply the learning rate by --gamma every time this many epochs have passed',
      wholeNumber(1),
      stepSize,
    )
    .option(
      '--gamma <factor>',
      'the factor by which the learning rate is multiplied (see --step-size)',
      positiveNumber,
      gamma,
    )
    .option(
      '--seed <number>',
      'seed of the initial weights, of every shuffle, and of the choice of the patients that are held out',
      wholeNumber(0),
      seed,
    )
    .option(
      '--augment <copies>',
      'number of copies to add for each training image, each of them changed at random',
      wholeNumber(0),
      0,
    )
    .addOption(
      new Option('--select <which>', 'the epoch whose head is kept: the best on the validation images, or the last')
        .choices(['best', 'last'])
        .default('best'),
    );
  addReuseOption(addForceOption(addNetworkOptions(command))).action((dir: string, flags: TrainFlags) =>
    runCommand(flags, async () => {
      const output = new Output(flags);
      const folders = trainingFolders(await openLabelled(dir, output), flags.seed);
      if (folders.note !== undefined) output.note(folders.note);
      const { train: training, val, test } = folders;
      const images = [training, val, ...(test ? [test] : [])].flatMap(folder => folder.images.map(({ path }) => path));
      const outputs = new Outputs({ ...flags, command: 'raycam train', inputs: [...images, flags.weights] });
      await outputs.expectNamed(flags.out);
      await withNetwork(flags, (network, output) => train(network, output, { folders, outputs, flags }));
    }),
  );
}

async function train(
  network: Network,
  output: Output,
  {
    folders,
    outputs,
    flags,
  }: { readonly folders: TrainingFolders; readonly outputs: Outputs; readonly flags: TrainFlags },
): Promise<void> {
  const trained = await trainWithOutput(network, output, { folders, settings: flags, flags });
  if (trained === undefined) return;
  const { head, epoch, metadata, metrics } = trained;
  await outputs.write(flags.out, encodeHead(head, metadata));
  output.result({ out: flags.out, selectedEpoch: epoch, backbone: metadata.backbone, metrics: withoutRoc(metrics) }, [
    '',
    ...metricLines(metrics),
    '',
    flags.out,
  ]);
}

/**
 * Trains a head, and prints the same lines as PyTorch's tutorial, or with --json an object for each epoch. Returns
 * undefined if the training was interrupted.
 */
export async function trainWithOutput(
  network: Network,
  output: Output,
  request: {
    readonly folders: TrainingFolders;
    readonly settings: TrainingSettings;
    readonly flags: FeatureFlags;
  },
): Promise<TrainedHead<FeatureSet & Features> | undefined> {
  const { folders, settings, flags } = request;
  const trained = await trainHead(network, {
    folders,
    settings,
    featureSet: (folder: ImageFolder, name, augment) =>
      featureSetOf(network, output, { folder, label: `features of ${name}`, flags: { ...flags, augment } }),
    signal: interruption.signal,
    onLine: line => {
      if (!output.isJson) output.result({}, line);
    },
    onEpoch: epoch => output.record(epoch),
  });
  if (trained === undefined) output.warn('raycam: interrupted, no head was written');
  return trained;
}
