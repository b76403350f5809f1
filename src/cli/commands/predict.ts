import type { Command } from 'commander';
import { predictImage } from '../../inference/predict.ts';
import { withHead } from '../head.ts';
import { ComingImages, expectFiles, forEachImage } from '../images.ts';
import { addNetworkOptions, type NetworkFlags } from '../options.ts';
import { runCommand } from '../session.ts';
import { StageClock, type TimingFlags, timingOption, timingText } from '../timing.ts';

export function registerPredict(program: Command): void {
  addNetworkOptions(program.command('predict').argument('<image...>', 'chest X-rays: JPEG, PNG, …'), 'the head’s')
    .description('the verdict on each X-ray, with its probability')
    .option('--head <file>', 'a head of `raycam train` (default: the bundled one, for the backbones it fits)')
    .addOption(timingOption())
    .action((images: string[], flags: NetworkFlags & TimingFlags & { head?: string }) =>
      runCommand(flags, async () => {
        await expectFiles(images);
        const coming = new ComingImages(images);
        const clock = new StageClock(flags.timing);
        await withHead(
          flags,
          (network, head, output) =>
            forEachImage(coming, output, async ({ path, image, decodeMs }) => {
              const verdict = await clock.time('forward', () => predictImage(network, head, image));
              const probability = verdict.probabilities[verdict.class]!;
              const timing = flags.timing ? clock.answer(decodeMs) : undefined;
              output.result(
                { image: path, ...verdict, timing },
                `${verdict.class}  ${probability.toFixed(4)}  ${path}`,
              );
              if (timing) output.note(timingText(timing));
            }),
          { clock },
        );
      }),
    );
}
