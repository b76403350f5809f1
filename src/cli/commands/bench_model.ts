import type { Command } from 'commander';
import { modelCsv, modelMarkdown, modelText } from '../../bench/model_text.ts';
import type { ResNetArchitecture } from '../../weights/resnet_shapes.ts';
import {
  addCompareOptions,
  addFormatOptions,
  addNetworkChoice,
  argumentsInTurns,
  type BenchFlags,
  formatted,
  hostFacts,
  realBackbone,
  showComparison,
} from '../bench.ts';
import { compareBuilds, serveTurns } from '../bench_turns.ts';
import { addAdapterOption, addSpeechOptions, halfSettings, wholeNumber } from '../options.ts';
import { Output } from '../output.ts';
import { interruption, runCommand } from '../session.ts';
import { tuningFor } from '../tuning_files.ts';

interface ModelFlags extends BenchFlags {
  readonly batch: number;
  readonly size: number;
  readonly byLayer?: boolean;
  readonly eager?: boolean;
  readonly memory: boolean;
}

export function registerBenchModel(bench: Command): void {
  const command = bench
    .command('model')
    .description('a whole forward: start by stages, warm times, memory; by layer if asked');
  addCompareOptions(addFormatOptions(addSpeechOptions(addAdapterOption(addNetworkChoice(command)))))
    .option('--batch <count>', 'images in a forward', wholeNumber(1), 1)
    .option('--size <pixels>', 'height and width of the images', wholeNumber(32), 224)
    .option('--by-layer', 'the time of every module, with what is left of the whole')
    .option('--eager', 'record each forward anew, as training and taps do, in place of the plan that inference keeps')
    .option(
      '--no-memory',
      'do not load the network a second time: for the memory of the other setting of --compact, or the error of --half',
    )
    .action((architecture: ResNetArchitecture, flags: ModelFlags) => runCommand(flags, () => run(architecture, flags)));
}

async function run(architecture: ResNetArchitecture, flags: ModelFlags): Promise<void> {
  const output = new Output(flags);
  if (flags.against !== undefined) {
    const limited = { limit: flags.failAbove, signal: interruption.signal };
    const args = argumentsInTurns();
    return showComparison(await compareBuilds({ ...limited, against: flags.against, args, output }), flags);
  }
  const { benchModel, syntheticInMemory, modelTurns } = await import('../../bench/index.ts');
  const backbone =
    flags.backbone === undefined
      ? await syntheticInMemory(architecture)
      : await realBackbone(architecture, flags, output);
  const options = {
    ...flags,
    ...halfSettings(flags.half),
    side: flags.size,
    host: await hostFacts(),
    bothSettings: flags.memory,
    signal: interruption.signal,
    tuningFor: tuningFor(flags),
    onStage: (what: string) => output.note(`bench: ${what}`),
  };
  try {
    if (flags.inTurns) return await serveTurns(await modelTurns(backbone, options));
    const result = await benchModel(backbone, options);
    await formatted(result, flags, { text: modelText, markdown: modelMarkdown, csv: modelCsv });
  } finally {
    await backbone.close();
  }
}
