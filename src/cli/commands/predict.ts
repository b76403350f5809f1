import type { Command } from 'commander';
import { predictImage } from '../../inference/predict.ts';
import { withHead } from '../head.ts';
import { expectFiles, forEachImage } from '../images.ts';
import { addNetworkOptions, type NetworkFlags } from '../options.ts';
import { runCommand } from '../session.ts';

export function registerPredict(program: Command): void {
  addNetworkOptions(program.command('predict').argument('<image...>', 'chest X-rays: JPEG, PNG, …'), 'the head’s')
    .description('the verdict on each X-ray, with its probability')
    .option('--head <file>', 'a head of `raycam train` (default: the bundled one, for the backbones it fits)')
    .action((images: string[], flags: NetworkFlags & { head?: string }) =>
      runCommand(flags, async () => {
        await expectFiles(images);
        await withHead(flags, (network, head, output) =>
          forEachImage(images, output, async ({ path, image }) => {
            const verdict = await predictImage(network, head, image);
            const probability = verdict.probabilities[verdict.class]!;
            output.result({ image: path, ...verdict }, `${verdict.class}  ${probability.toFixed(4)}  ${path}`);
          }),
        );
      }),
    );
}
