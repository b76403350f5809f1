import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import type { Command } from 'commander';
import { joinPath } from '#platform';
import { featureCsv, featureMarkdown, featureText } from '../../bench/feature_text.ts';
import type { ResNetArchitecture } from '../../weights/resnet_shapes.ts';
import { syntheticBackbone } from '../../weights/synthetic_network.ts';
import {
  addArchitectureArgument,
  addBenchNetworkOptions,
  addFormatOptions,
  type BenchFlags,
  expectOutputs,
  formatted,
  hostFacts,
  realBackbone,
} from '../common/bench.ts';
import { namedImages } from '../common/inputs.ts';
import { addAdapterOptions, addCommonOptions, halfSettings, wholeNumber } from '../common/options.ts';
import { Output } from '../common/output.ts';
import { interruption, runCommand } from '../common/session.ts';
import { tuningFor } from '../common/tuning_files.ts';

interface FeatureFlags extends BenchFlags {
  readonly batch?: number;
}

export function registerBenchFeatures(bench: Command): void {
  const command = bench
    .command('features')
    .description(
      'measure the speed of `raycam features` in images per second, the speed that its kernels alone would reach (the two are measured alternately), and the memory',
    );
  addArchitectureArgument(command)
    .argument(
      '<path...>',
      'images, or folders of images; each image is processed once, and its features are not cached',
    )
    .option(
      '--batch <count>',
      'images per forward pass (default: as `raycam features`: 32 on a GPU, otherwise 1)',
      wholeNumber(1),
    );
  addFormatOptions(command);
  addBenchNetworkOptions(command);
  addCommonOptions(addAdapterOptions(command)).action(
    (architecture: ResNetArchitecture, inputs: string[], flags: FeatureFlags) =>
      runCommand(flags, () => run(architecture, inputs, flags)),
  );
}

async function run(
  architecture: ResNetArchitecture,
  inputs: readonly string[],
  { batch, ...flags }: FeatureFlags,
): Promise<void> {
  const output = new Output(flags);
  await expectOutputs(flags);
  const paths = await namedImages(inputs, { recursive: true }, { command: 'bench features', output });
  const { benchFeatures } = await import('../../bench/index.ts');
  const backbone =
    flags.backbone === undefined ? syntheticBackbone(architecture) : await realBackbone(architecture, flags, output);
  const root = await mkdtemp(joinPath(tmpdir(), 'raycam-bench-'));
  try {
    const result = await benchFeatures(backbone, {
      ...flags,
      ...halfSettings(flags.half),
      batch,
      paths,
      root,
      host: await hostFacts(),
      hostMemory: () => ({
        rssBytes: process.memoryUsage.rss(),
        peakBytes: 1024 * process.resourceUsage().maxRSS,
      }),
      signal: interruption.signal,
      tuningFor: tuningFor(flags),
      onStage: what => output.note(`bench: ${what}`),
    });
    await formatted(result, flags, { text: featureText, markdown: featureMarkdown, csv: featureCsv });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
