import type { Command } from 'commander';
import { modelCsv, modelMarkdown, modelText } from '../../bench/model_text.ts';
import type { ResNetArchitecture } from '../../weights/resnet_shapes.ts';
import {
  addArchitectureArgument,
  addBenchNetworkOptions,
  addCompareOptions,
  addFormatOptions,
  argumentsInTurns,
  type BenchFlags,
  expectOutputs,
  formatted,
  hostFacts,
  realBackbone,
  showComparison,
} from '../common/bench.ts';
import { compareBuilds, serveTurns } from '../common/bench_turns.ts';
import { addAdapterOptions, addCommonOptions, halfSettings, wholeNumber } from '../common/options.ts';
import { Output } from '../common/output.ts';
import { interruption, runCommand } from '../common/session.ts';
import { tuningFor } from '../common/tuning_files.ts';

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
    .description(
      'measure a network: how long each stage of starting it takes, the time of its forward passes, its memory, and with --by-layer the time of each module',
    );
  addArchitectureArgument(command)
    .option('--batch <count>', 'images per forward pass', wholeNumber(1), 1)
    .option('--size <pixels>', 'height and width of the images', wholeNumber(32), 224)
    .option('--by-layer', 'show the time of every module, and the remaining time, which belongs to no module')
    .option(
      '--eager',
      'record the commands for each forward pass again, instead of recording them once and replaying them',
    )
    .option(
      '--no-memory',
      'load the network only once; by default, a second load measures the memory with the other setting of --compact, or with --half the error that it causes',
    );
  addFormatOptions(addCompareOptions(command));
  addBenchNetworkOptions(command);
  addCommonOptions(addAdapterOptions(command)).action((architecture: ResNetArchitecture, flags: ModelFlags) =>
    runCommand(flags, () => run(architecture, flags)),
  );
}

async function run(architecture: ResNetArchitecture, flags: ModelFlags): Promise<void> {
  const output = new Output(flags);
  await expectOutputs(flags);
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
