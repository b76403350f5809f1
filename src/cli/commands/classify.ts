import type { Command } from 'commander';
import type { DecodeOptions } from '#platform';
import { classifyImage } from '../../inference/classify.ts';
import { classesOption } from '../common/head.ts';
import { ComingImages, forEachImage, frameOption } from '../common/images.ts';
import { addInputs, type InputFlags, namedImages } from '../common/inputs.ts';
import { addNetworkOptions, type NetworkFlags, wholeNumber } from '../common/options.ts';
import { Output } from '../common/output.ts';
import { addCropOptions } from '../common/own_preprocessing.ts';
import { runCommand, withNetwork } from '../common/session.ts';

type ClassifyFlags = NetworkFlags & InputFlags & DecodeOptions & { readonly top: number };

export function registerClassify(program: Command): void {
  const command = program
    .command('classify')
    .description(
      'print the most probable of the network’s own classes (ImageNet’s 1000, for the networks that Raycam knows) for each image',
    );
  addInputs(command, 'photos (JPEG, PNG, WebP, …)')
    .option('--top <count>', 'number of classes', wholeNumber(1), 5)
    .addOption(classesOption())
    .addOption(frameOption());
  addCropOptions(command);
  addNetworkOptions(command).action((images: string[], flags: ClassifyFlags) =>
    runCommand(flags, () => classify(images, flags)),
  );
}

async function classify(inputs: readonly string[], flags: ClassifyFlags): Promise<void> {
  const notes = new Output(flags);
  const images = new ComingImages(
    await namedImages(inputs, flags, { command: 'classify', output: notes }),
    notes,
    flags,
  );
  await withNetwork(flags, (network, output) =>
    forEachImage(images, output, async ({ path, image }) => {
      const top = await classifyImage(network, image, flags.top);
      const lines = top.map(({ index, label, probability }) => `  ${probability.toFixed(4)}  ${label} (${index})`);
      output.result({ image: path, top, notes: image.notes }, [path, ...lines]);
    }),
  );
}
