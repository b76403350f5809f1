import type { Command } from 'commander';
import { readTextFile, writeFileAtomic } from '#platform';
import { kernelCsv, kernelMarkdown, kernelText } from '../../bench/kernel_text.ts';
import {
  addCompareOptions,
  addFormatOptions,
  argumentsInTurns,
  type BenchFlags,
  formatted,
  hostFacts,
  showComparison,
} from '../bench.ts';
import { compareBuilds, serveTurns } from '../bench_turns.ts';
import { addAdapterOption, addSpeechOptions, wholeNumber } from '../options.ts';
import { Output } from '../output.ts';
import { interruption, runCommand } from '../session.ts';
import { registerBenchFeatures } from './bench_features.ts';
import { registerBenchModel } from './bench_model.ts';

interface KernelFlags extends BenchFlags {
  readonly shapes: string;
  readonly batch: number;
  readonly variant?: string;
  readonly roofline?: string;
  readonly compare?: string;
}

export function registerBench(program: Command): void {
  const bench = program
    .command('bench')
    .enablePositionalOptions()
    .description('times kernels, each checked first against plain loops in 64-bit floating point')
    .argument('[kernel]', 'conv2d, one of its variants, or another kernel (default: what a forward pass runs)');
  addCompareOptions(addFormatOptions(addSpeechOptions(addAdapterOption(bench))))
    .option('--shapes <shapes>', 'an architecture’s convolutions, or N,C,H,W[,O[,K[,S]]] …', 'resnet152')
    .option('--batch <count>', 'images in a batch, for an architecture’s shapes', wholeNumber(1), 1)
    .option('--variant <name>', 'one implementation, or all of them in turns (default: the engine’s choice)')
    .option('--subgroup-matrix', 'open the adapter with subgroup matrices, for the variants that use them (experimental)')
    .option('--compare <file>', 'run the kernels of an earlier --out beside those of now, in turns')
    .option('--roofline <file>', 'draw every kernel under the adapter’s measured limits, as SVG')
    .action((kernel: string | undefined, flags: KernelFlags) => runCommand(flags, () => run(kernel, flags)));
  registerBenchModel(bench);
  registerBenchFeatures(bench);
}

async function run(kernel: string | undefined, flags: KernelFlags): Promise<void> {
  const output = new Output(flags);
  const { benchKernels, compareKernels, kernelTurns, parseKernelResult, rooflineChart } = await import(
    '../../bench/index.ts'
  );
  const options = {
    ...flags,
    kernel,
    host: await hostFacts(),
    signal: interruption.signal,
    onProgress: (done: number, total: number, what: string) => output.note(`bench ${done + 1}/${total}: ${what}`),
  };
  if (flags.inTurns) return serveTurns(await kernelTurns(options));
  const limited = { limit: flags.failAbove, signal: interruption.signal };
  if (flags.against !== undefined) {
    const args = argumentsInTurns();
    return showComparison(await compareBuilds({ ...limited, against: flags.against, args, output }), flags);
  }
  if (flags.compare !== undefined) {
    const baseline = parseKernelResult(await readTextFile(flags.compare), flags.compare);
    return showComparison(await compareKernels(baseline, { ...options, ...limited }), flags);
  }
  const result = await benchKernels(options);
  await formatted(result, flags, { text: kernelText, markdown: kernelMarkdown, csv: kernelCsv });
  if (flags.roofline !== undefined) await writeFileAtomic(flags.roofline, rooflineChart(result));
  if (result.refused.length > 0) process.exitCode = 1;
}
