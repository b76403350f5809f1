import { execFileSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import type { Command } from 'commander';
import { Argument, InvalidArgumentError, Option } from 'commander';
import { availableCores, packageFile, writeFileAtomic, writeStdout } from '#platform';
import { version } from '../../package.json';
import type { ComparisonResult } from '../bench/compare.ts';
import type { HostFacts } from '../bench/environment.ts';
import type { AdapterChoice } from '../runtime/adapter.ts';
import type { Backbone } from '../weights/backbone.ts';
import { RESNET_ARCHITECTURES, type ResNetArchitecture } from '../weights/resnet_shapes.ts';
import { resolveBackbone } from '../weights/resolve_backbone.ts';
import { type Half, halfOption, NO_TUNING_HELP, type SpeechOptions, wholeNumber } from './options.ts';
import type { Output } from './output.ts';
import { interruption, PullProgress } from './session.ts';

export interface BenchFlags extends SpeechOptions {
  readonly adapter: AdapterChoice;
  readonly threads?: number;
  /** Real weights, where a network is measured. */
  readonly backbone?: string;
  readonly compact?: boolean;
  readonly half?: Half;
  readonly tuning?: boolean;
  readonly samples?: number;
  readonly csv?: boolean;
  readonly markdown?: boolean;
  readonly out?: string;
  readonly against?: string;
  /** A share: 0.05 for 5 %. */
  readonly failAbove: number;
  readonly inTurns?: boolean;
}

export function addFormatOptions(command: Command): Command {
  return command
    .addOption(new Option('--csv', 'a table with a head line').conflicts(['json', 'markdown']))
    .addOption(new Option('--markdown', 'a table for a README').conflicts(['json', 'csv']))
    .option('--out <file>', 'also write the result as JSON, to compare with later')
    .option('--samples <count>', 'measurements of each (default: as many as fit a few seconds)', wholeNumber(1));
}

export function addCompareOptions(command: Command): Command {
  return command
    .option('--against <dir>', 'compare with another build of Raycam, in turns: a clone, or its dist')
    .addOption(
      new Option('--fail-above <percent>', 'exit with 1 where something is slower by more')
        .argParser(percent)
        .default(0.05, '5%'),
    )
    .addOption(new Option('--in-turns', 'answer another `raycam bench --against`').hideHelp());
}

/** Which network a command of the bench measures. */
export function addNetworkChoice(command: Command): Command {
  return command
    .addArgument(
      new Argument('<architecture>', 'the weights come from a formula, unless --backbone names real ones').choices(
        RESNET_ARCHITECTURES,
      ),
    )
    .option('--backbone <id>', 'real weights: a network of `raycam weights list`')
    .option('--compact', 'weights at their own size in memory: slower on the CPU')
    .addOption(halfOption())
    .option('--no-tuning', NO_TUNING_HELP);
}

/** The network that --backbone names, for a command of the bench. */
export async function realBackbone(
  architecture: ResNetArchitecture,
  { backbone, cacheDir }: Pick<BenchFlags, 'backbone' | 'cacheDir'>,
  output: Output,
): Promise<Backbone> {
  const pulling = new PullProgress(output);
  return resolveBackbone({
    id: backbone,
    arch: architecture,
    cacheDir,
    signal: interruption.signal,
    onProgress: pulling.update,
  }).finally(() => pulling.stop());
}

/** `5%` or `5` as 0.05, for commander. */
function percent(text: string): number {
  const value = Number(text.replace(/%$/, ''));
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError('Expected a percentage over 0, such as 5%.');
  return value / 100;
}

/** What both builds of `--against` are called with: this command's own arguments, without those that concern the comparison. */
export function argumentsInTurns(): string[] {
  const dropped = new Set(['--against', '--fail-above', '--out']);
  const kept: string[] = [];
  const given = process.argv.slice(2);
  for (let i = 0; i < given.length; i++) {
    const [name] = given[i]!.split('=');
    if (!dropped.has(name!)) kept.push(given[i]!);
    else if (name === given[i]) i++; // its value
  }
  return kept;
}

/** A comparison as asked for; exits with 1 where something is slower, or wrong. */
export async function showComparison(result: ComparisonResult, flags: BenchFlags): Promise<void> {
  const { compareCsv, compareMarkdown, compareText } = await import('../bench/index.ts');
  await formatted(result, flags, { text: compareText, markdown: compareMarkdown, csv: compareCsv });
  if (result.verdict === 'slower' || result.refused.length > 0) process.exitCode = 1;
}

/** One result as asked for, on stdout; and as JSON in a file. */
export async function formatted<Result extends object>(
  result: Result,
  flags: BenchFlags,
  formats: Record<'text' | 'markdown' | 'csv', (result: Result) => string>,
): Promise<void> {
  const format = flags.csv ? 'csv' : flags.markdown ? 'markdown' : 'text';
  await writeStdout(`${flags.json ? JSON.stringify(result) : formats[format](result)}\n`);
  if (flags.out !== undefined) await writeFileAtomic(flags.out, `${JSON.stringify(result, undefined, 2)}\n`);
}

export async function hostFacts(): Promise<HostFacts> {
  return {
    runtime: `node ${process.version}`,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model,
    cores: availableCores(),
    raycam: version,
    commit: commit(),
    loadAverage: loadavg()[0],
    date: new Date().toISOString(),
  };
}

/** Of the clone that this is built in, if it is one. */
function commit(): string | undefined {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, {
        cwd: packageFile('.'),
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
    const changed = git('status', '--porcelain', '--', 'src', 'shaders') !== '';
    return git('rev-parse', '--short', 'HEAD') + (changed ? ', changed' : '');
  } catch {
    return undefined;
  }
}
