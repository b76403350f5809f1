import type { Command } from 'commander';
import type { DecodeOptions } from '#platform';
import { predictImage } from '../../inference/predict.ts';
import { classesOption, HEADS_NETWORK, type HeadFlags, headOption, withVerdict } from '../common/head.ts';
import { ComingImages, forEachImage, frameOption } from '../common/images.ts';
import { addInputs, type InputFlags, namedImages } from '../common/inputs.ts';
import { addNetworkOptions } from '../common/options.ts';
import { Output } from '../common/output.ts';
import { runCommand } from '../common/session.ts';
import { StageClock, type TimingFlags, timingOption, timingText } from '../common/timing.ts';

type PredictFlags = HeadFlags & InputFlags & TimingFlags & DecodeOptions;

export function registerPredict(program: Command): void {
  const command = program
    .command('predict')
    .description('classify each X-ray, and print the class with its probability');
  addInputs(command, 'X-ray files (JPEG, PNG, DICOM, …)')
    .addOption(headOption())
    .addOption(classesOption())
    .addOption(frameOption())
    .addOption(timingOption());
  addNetworkOptions(command, HEADS_NETWORK).action((images: string[], flags: PredictFlags) =>
    runCommand(flags, () => predict(images, flags)),
  );
}

async function predict(inputs: readonly string[], flags: PredictFlags): Promise<void> {
  const notes = new Output(flags);
  const images = new ComingImages(
    await namedImages(inputs, flags, { command: 'predict', output: notes }),
    notes,
    flags,
  );
  const clock = new StageClock(flags.timing);
  await withVerdict(
    flags,
    (network, { head }, output) =>
      forEachImage(images, output, async ({ path, image, decodeMs }) => {
        const verdict = await clock.time('forward', () => predictImage(network, head, image));
        const probability = verdict.probabilities[verdict.class]!;
        const timing = flags.timing ? clock.answer(decodeMs) : undefined;
        output.result(
          { image: path, ...verdict, notes: image.notes, timing },
          `${verdict.class}  ${probability.toFixed(4)}  ${path}`,
        );
        if (timing) output.note(timingText(timing));
      }),
    { clock },
  );
}
