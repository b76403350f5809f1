import type { Command } from 'commander';
import { readTextFile, writeFileAtomic } from '#platform';
import { kernelCsv, kernelMarkdown, kernelText } from '../../bench/kernel_text.ts';
import {
  addCompareOptions,
  addFormatOptions,
  argumentsInTurns,
  type BenchFlags,
  expectOutputs,
  formatted,
  hostFacts,
  showComparison,
} from '../common/bench.ts';
import { compareBuilds, serveTurns } from '../common/bench_turns.ts';
import { addAdapterOptions, addCommonOptions, wholeNumber } from '../common/options.ts';
import { Output } from '../common/output.ts';
import { interruption, runCommand } from '../common/session.ts';
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
    .description('check each kernel (compute shader) against plain loops in 64-bit floating point, then time it')
    .argument(
      '[kernel]',
      'the kernel to time: conv2d, one of its variants, or another kernel (default: all kernels that a forward pass runs)',
    )
    .option(
      '--shapes <shapes>',
      'the convolutions to time: those of an architecture, or a list of N,C,H,W[,O[,K[,S]]] separated by spaces or semicolons (N images, C input channels, height H and width W in pixels, O output channels, window size K, stride S)',
      'resnet152',
    )
    .option('--batch <count>', 'images per batch, if --shapes is an architecture', wholeNumber(1), 1)
    .option(
      '--variant <name>',
      'the implementation to time, or "all": time every implementation, alternately (default: the one that Raycam would choose)',
    )
    .option(
      '--compare <file>',
      'compare with an earlier result (a file written by --out). The file also contains the kernels as they were then; they are run again, alternating with the current kernels',
    )
    .option(
      '--roofline <file>',
      'write a roofline plot (SVG): the rate of every kernel, compared with the limits measured on this adapter',
    );
  addFormatOptions(addCompareOptions(bench));
  addAdapterOptions(bench).option(
    '--subgroup-matrix',
    'enable the GPU’s matrix hardware, for the variants that use it (experimental)',
  );
  addCommonOptions(bench).action((kernel: string | undefined, flags: KernelFlags) =>
    runCommand(flags, () => run(kernel, flags)),
  );
  registerBenchModel(bench);
  registerBenchFeatures(bench);
}

async function run(kernel: string | undefined, flags: KernelFlags): Promise<void> {
  const output = new Output(flags);
  await expectOutputs(flags, flags.roofline, flags.compare === undefined ? [] : [flags.compare]);
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
