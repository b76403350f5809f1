import { execFileSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import type { Command } from 'commander';
import { Argument, InvalidArgumentError, Option } from 'commander';
import { availableCores, packageFile, writeFileAtomic, writeStdout } from '#platform';
import { version } from '../../../package.json';
import type { ComparisonResult } from '../../bench/compare.ts';
import type { HostFacts } from '../../bench/environment.ts';
import type { AdapterChoice } from '../../runtime/adapter.ts';
import type { Backbone } from '../../weights/backbone.ts';
import { RESNET_ARCHITECTURES, type ResNetArchitecture } from '../../weights/resnet_shapes.ts';
import { resolveBackbone } from '../../weights/resolve_backbone.ts';
import { addWeightOptions, type CommonFlags, type Half, NETWORK_GROUP, OUTPUT_GROUP, wholeNumber } from './options.ts';
import { type Output, printable } from './output.ts';
import { addForceOption, type OutputFlags, Outputs } from './outputs.ts';
import { interruption, PullProgress } from './session.ts';

export interface BenchFlags extends CommonFlags, OutputFlags {
  readonly adapter: AdapterChoice;
  readonly threads?: number;
  /** Real weights instead of synthetic ones. */
  readonly backbone?: string;
  readonly compact?: boolean;
  readonly half?: Half;
  readonly tuning?: boolean;
  readonly samples?: number;
  readonly csv?: boolean;
  readonly markdown?: boolean;
  readonly out?: string;
  readonly against?: string;
  /** As a ratio: 0.05 for 5 %. */
  readonly failAbove: number;
  readonly inTurns?: boolean;
}

export function addFormatOptions(command: Command): Command {
  return addForceOption(command)
    .option(
      '--samples <count>',
      'number of measurements of each row (default: as many as fit in a few seconds)',
      wholeNumber(1),
    )
    .optionsGroup(OUTPUT_GROUP)
    .option('--out <file>', 'also write the result to this file as JSON (`raycam bench --compare` reads it)')
    .addOption(new Option('--csv', 'print a table with a header line').conflicts(['json', 'markdown']))
    .addOption(new Option('--markdown', 'print a Markdown table').conflicts(['json', 'csv']));
}

export function addCompareOptions(command: Command): Command {
  return command
    .option(
      '--against <dir>',
      'compare with another build of Raycam (a clone or its dist folder); the two are measured alternately',
    )
    .addOption(
      new Option(
        '--fail-above <percent>',
        'with a comparison: exit with status 1 if any measurement is slower by more than this',
      )
        .argParser(percent)
        .default(0.05, '5%'),
    )
    .addOption(new Option('--in-turns', 'serve another `raycam bench --against`').hideHelp());
}

/** Adds the argument that names the network to measure. */
export function addArchitectureArgument(command: Command): Command {
  return command.addArgument(
    new Argument(
      '<architecture>',
      'the network to measure; its weights are computed by a formula, unless --backbone names trained ones',
    ).choices(RESNET_ARCHITECTURES),
  );
}

/** Adds the options for the weights of the network to measure. */
export function addBenchNetworkOptions(command: Command): Command {
  command
    .optionsGroup(NETWORK_GROUP)
    .option('--backbone <id>', 'use the trained weights of this network from `raycam weights list`');
  return addWeightOptions(command);
}

/** Opens the network that --backbone names. */
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

/** Parses `5%` or `5` as 0.05, for commander. */
function percent(text: string): number {
  const value = Number(text.replace(/%$/, ''));
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError('Expected a percentage over 0, such as 5%.');
  return value / 100;
}

/** Returns this command's arguments without those of the comparison. Both builds of --against get them. */
export function argumentsInTurns(): string[] {
  const dropped = new Set(['--against', '--fail-above', '--out']);
  const kept: string[] = [];
  const given = process.argv.slice(2);
  for (let i = 0; i < given.length; i++) {
    const [name] = given[i]!.split('=');
    if (given[i] === '--force') continue;
    if (!dropped.has(name!)) kept.push(given[i]!);
    else if (name === given[i]) i++; // its value
  }
  return kept;
}

/** Prints a comparison in the requested format. The exit status is 1 if anything is slower or wrong. */
export async function showComparison(result: ComparisonResult, flags: BenchFlags): Promise<void> {
  const { compareCsv, compareMarkdown, compareText } = await import('../../bench/index.ts');
  await formatted(result, flags, { text: compareText, markdown: compareMarkdown, csv: compareCsv });
  if (result.verdict === 'slower' || result.refused.length > 0) process.exitCode = 1;
}

/** Checks the files that a bench will write, before it measures. @throws InputError | UsageError */
export async function expectOutputs(
  { force, out }: BenchFlags,
  roofline?: string,
  inputs: string[] = [],
): Promise<void> {
  const outputs = new Outputs({ force, command: 'raycam bench', inputs });
  await outputs.expectNamed(out);
  await outputs.expectNamed(roofline);
}

/** Prints one result in the requested format, and with --out writes it as JSON. */
export async function formatted<Result extends object>(
  result: Result,
  flags: BenchFlags,
  formats: Record<'text' | 'markdown' | 'csv', (result: Result) => string>,
): Promise<void> {
  const format = flags.csv ? 'csv' : flags.markdown ? 'markdown' : 'text';
  const text = flags.json ? JSON.stringify(result) : formats[format](result);
  await writeStdout(printable(text.split('\n')));
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

/** Returns the commit of the clone that this was built in, or undefined outside a clone. */
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
