import type { Command } from 'commander';
import { classifyImage } from '../../inference/classify.ts';
import { ComingImages, expectFiles, forEachImage } from '../images.ts';
import { addNetworkOptions, type NetworkFlags, wholeNumber } from '../options.ts';
import { runCommand, withNetwork } from '../session.ts';

export function registerClassify(program: Command): void {
  addNetworkOptions(program.command('classify').argument('<image...>', 'photos: JPEG, PNG, WebP, …'))
    .description('the backbone’s own 1000 ImageNet classes for each image')
    .option('--top <count>', 'how many classes', wholeNumber(1), 5)
    .action((images: string[], flags: NetworkFlags & { top: number }) =>
      runCommand(flags, async () => {
        await expectFiles(images);
        const coming = new ComingImages(images);
        await withNetwork(flags, (network, output) =>
          forEachImage(coming, output, async ({ path, image }) => {
            const top = await classifyImage(network, image, flags.top);
            const lines = top.map(
              ({ index, label, probability }) => `  ${probability.toFixed(4)}  ${label} (${index})`,
            );
            output.result({ image: path, top }, [path, ...lines].join('\n'));
          }),
        );
      }),
    );
}
