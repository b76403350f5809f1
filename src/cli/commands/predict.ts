import type { Command } from 'commander';
import type { DecodeOptions } from '#platform';
import { predictImage } from '../../inference/predict.ts';
import { HEADS_NETWORK, type HeadFlags, headOption, withHead } from '../common/head.ts';
import { ComingImages, expectFiles, forEachImage, frameOption } from '../common/images.ts';
import { addNetworkOptions } from '../common/options.ts';
import { runCommand } from '../common/session.ts';
import { StageClock, type TimingFlags, timingOption, timingText } from '../common/timing.ts';

type PredictFlags = HeadFlags & TimingFlags & DecodeOptions;

export function registerPredict(program: Command): void {
  const command = program
    .command('predict')
    .description('classify each X-ray, and print the class with its probability')
    .argument('<image...>', 'chest X-rays: JPEG, PNG, …')
    .addOption(headOption())
    .addOption(frameOption())
    .addOption(timingOption());
  addNetworkOptions(command, HEADS_NETWORK).action((images: string[], flags: PredictFlags) =>
    runCommand(flags, () => predict(images, flags)),
  );
}

async function predict(paths: readonly string[], flags: PredictFlags): Promise<void> {
  await expectFiles(paths);
  const images = new ComingImages(paths, flags);
  const clock = new StageClock(flags.timing);
  await withHead(
    flags,
    (network, head, output) =>
      forEachImage(images, output, async ({ path, image, decodeMs }) => {
        const verdict = await clock.time('forward', () => predictImage(network, head, image));
        const probability = verdict.probabilities[verdict.class]!;
        const timing = flags.timing ? clock.answer(decodeMs) : undefined;
        output.result({ image: path, ...verdict, timing }, `${verdict.class}  ${probability.toFixed(4)}  ${path}`);
        if (timing) output.note(timingText(timing));
      }),
    { clock },
  );
}
