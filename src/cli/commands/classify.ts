import type { Command } from 'commander';
import type { DecodeOptions } from '#platform';
import { classifyImage } from '../../inference/classify.ts';
import { ComingImages, expectFiles, forEachImage, frameOption } from '../common/images.ts';
import { addNetworkOptions, type NetworkFlags, wholeNumber } from '../common/options.ts';
import { runCommand, withNetwork } from '../common/session.ts';

type ClassifyFlags = NetworkFlags & DecodeOptions & { readonly top: number };

export function registerClassify(program: Command): void {
  const command = program
    .command('classify')
    .description('print the most probable of the backbone’s 1000 ImageNet classes for each image')
    .argument('<image...>', 'photos: JPEG, PNG, WebP, …')
    .option('--top <count>', 'number of classes', wholeNumber(1), 5)
    .addOption(frameOption());
  addNetworkOptions(command).action((images: string[], flags: ClassifyFlags) =>
    runCommand(flags, () => classify(images, flags)),
  );
}

async function classify(paths: readonly string[], flags: ClassifyFlags): Promise<void> {
  await expectFiles(paths);
  const images = new ComingImages(paths, flags);
  await withNetwork(flags, (network, output) =>
    forEachImage(images, output, async ({ path, image }) => {
      const top = await classifyImage(network, image, flags.top);
      const lines = top.map(({ index, label, probability }) => `  ${probability.toFixed(4)}  ${label} (${index})`);
      output.result({ image: path, top }, [path, ...lines].join('\n'));
    }),
  );
}
