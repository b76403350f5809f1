import type { Command } from 'commander';
import { availableCores, cacheDirectory, fileExists, fileStatus, joinPath, listDirectory, readFile } from '#platform';
import { version } from '../../../package.json';
import { checkDecoding, type DecodingCheck } from '../../doctor/check_decoding.ts';
import {
  type Comparison,
  compareAll,
  compareReports,
  digestsOf,
  passes,
  readReport,
} from '../../doctor/compare_reports.ts';
import { type AdapterRecord, checkAdapter, type FailedSelfTest } from '../../doctor/doctor_report.ts';
import type { SelfTestResult } from '../../doctor/self_test.ts';
import { UsageError } from '../../errors/index.ts';
import { ADAPTER_CHOICES, type AdapterChoice } from '../../runtime/adapter.ts';
import { listZoo, type ZooListing } from '../../weights/manage.ts';
import { addAdapterOptions, addCommonOptions, type CommonFlags } from '../common/options.ts';
import { Output } from '../common/output.ts';
import { describeAdapter, runCommand } from '../common/session.ts';

interface CacheEntry {
  readonly name: string;
  readonly sizeBytes: number;
}

type DoctorFlags = CommonFlags & {
  readonly adapter: AdapterChoice;
  readonly threads?: number;
  readonly compare?: readonly string[];
};

export function registerDoctor(program: Command): void {
  const command = program
    .command('doctor')
    .description(
      'show the adapters, their limits and the cache; then run a network on each adapter and compare its results with PyTorch’s, layer by layer',
    )
    .option(
      '--compare <reports...>',
      'instead of checking the adapters, compare two reports layer by layer; a report is written by `raycam doctor --json` or by the page of `raycam serve`',
    );
  addCommonOptions(addAdapterOptions(command)).action((flags: DoctorFlags) =>
    runCommand(flags, () => (flags.compare ? compare(flags) : diagnose(flags))),
  );
}

/** Compares two reports. @throws UsageError | InputError */
async function compare(flags: DoctorFlags): Promise<void> {
  const files = flags.compare ?? [];
  if (files.length !== 2) throw new UsageError(`doctor: --compare takes two reports, got ${files.length}`);
  const [a, b] = await Promise.all(
    files.map(async file => readReport(file, new TextDecoder().decode(await readFile(file)))),
  );
  const comparisons = compareReports(a!, b!);
  const agree = comparisons.every(({ firstDivergence }) => firstDivergence === null);
  const lines = [...comparisons.flatMap(comparisonLines), agree ? 'PASS' : 'FAIL'];
  new Output(flags).result({ comparisons, passed: agree }, lines);
  if (!agree) process.exitCode = 1;
}

async function diagnose(flags: DoctorFlags): Promise<void> {
  const output = new Output(flags);
  const folder = flags.cacheDir ?? cacheDirectory();
  const machine = {
    raycam: version,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cores: availableCores(),
  };
  const cache = await entriesOf(folder);
  const weights = await listZoo({ cacheDir: folder });
  const adapters = await checkAdapters(flags, output);
  const comparisons = compareAll(digestsOf({ adapters }));
  const images = await checkDecoding();
  const passed = passes(adapters, comparisons) && images.passed;
  const cached = weights.map(({ id, from, cachedPath }) => ({ id, from, cached: cachedPath !== undefined }));
  output.result({ ...machine, cacheDirectory: folder, cache, weights: cached, images, adapters, comparisons, passed }, [
    `Raycam ${machine.raycam}, Node ${machine.node} on ${machine.platform}, ${machine.cores} cores`,
    ...cacheLines(folder, cache),
    ...weightsLines(weights),
    imagesLine(images),
    ...adapters.flatMap(adapterLines),
    ...comparisons.flatMap(comparisonLines),
    passed ? 'PASS' : adapters.some(adapter => adapter.present) ? 'FAIL' : 'FAIL: there is no adapter to run on',
  ]);
  if (!passed) process.exitCode = 1;
}

/** Checks SwiftShader last: once loaded, it hides the other drivers from this process. */
async function checkAdapters({ adapter: choice, threads }: DoctorFlags, output: Output): Promise<AdapterRecord[]> {
  const choices = choice === 'auto' ? ADAPTER_CHOICES.filter(each => each !== 'auto') : [choice];
  const checked: AdapterRecord[] = [];
  for (const each of choices) {
    output.note(`checking ${each} …`);
    checked.push(await checkAdapter(each, threads));
  }
  return checked;
}

/** Returns the files and folders at the top of the cache with their total sizes. */
async function entriesOf(folder: string): Promise<CacheEntry[]> {
  if (!(await fileExists(folder))) return [];
  const entries = await listDirectory(folder);
  return Promise.all(entries.map(async ({ name }) => ({ name, sizeBytes: await sizeOf(joinPath(folder, name)) })));
}

async function sizeOf(path: string): Promise<number> {
  const status = await fileStatus(path);
  if (!status.isDirectory) return status.sizeBytes;
  const entries = await listDirectory(path);
  const sizes = await Promise.all(entries.map(({ name }) => sizeOf(joinPath(path, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

function cacheLines(folder: string, entries: readonly CacheEntry[]): string[] {
  if (entries.length === 0) return [`cache ${folder}: empty`];
  const width = Math.max(...entries.map(({ name }) => name.length));
  return [
    `cache ${folder}`,
    ...entries.map(({ name, sizeBytes }) => `  ${name.padEnd(width)}  ${megabytes(sizeBytes)}`),
  ];
}

function imagesLine({ passed, reason }: DecodingCheck): string {
  return passed ? 'images PASS: a PNG is encoded and decoded' : `images FAIL: ${reason}`;
}

function weightsLines(weights: readonly ZooListing[]): string[] {
  const width = Math.max(...weights.map(({ id }) => id.length));
  const state = ({ cachedPath, from }: ZooListing) => (cachedPath === undefined ? `not cached (${from})` : 'cached');
  return ['weights', ...weights.map(listing => `  ${listing.id.padEnd(width)}  ${state(listing)}`)];
}

function adapterLines(record: AdapterRecord): string[] {
  if (!record.present) return [`${record.adapter}: not available. ${record.reason}`];
  const { adapter, limits, features, toggles } = record;
  return [
    `${adapter}: ${describeAdapter(record)}`,
    ...Object.entries(limits).map(([name, value]) => `  ${name} ${value}`),
    `  features ${features.join(', ') || 'none'}`,
    `  toggles ${toggles.join(', ') || 'none'}`,
    ...selfTestLines(record.selfTest),
  ];
}

function selfTestLines(result: SelfTestResult | FailedSelfTest): string[] {
  if ('reason' in result) return [`  self-test FAIL: ${result.reason}`];
  const { layers, architecture, bound, elapsedMs } = result;
  const width = Math.max(...layers.map(({ layer }) => layer.length));
  return [
    `  self-test ${result.passed ? 'PASS' : 'FAIL'}: ${architecture} in ${(elapsedMs / 1000).toFixed(1)} s, largest error per layer (${bound} allowed)`,
    ...layers.map(
      ({ layer, error, passed }) => `    ${layer.padEnd(width)}  ${error.toExponential(1)}${passed ? '' : '  FAIL'}`,
    ),
  ];
}

/**
 * Describes a comparison of two adapters: lists every layer if they differ too much, otherwise the layer that differs
 * most.
 */
function comparisonLines({ between, bound, layers, firstDivergence }: Comparison): string[] {
  const names = between.join(' and ');
  const largest = layers.reduce((most, layer) => (layer.error > most.error ? layer : most));
  if (firstDivergence === null)
    return [
      `${names} agree: the largest difference is ${largest.error.toExponential(1)}, in ${largest.layer} (${bound} allowed)`,
    ];
  const width = Math.max(...layers.map(({ layer }) => layer.length));
  return [
    `${names} differ: the first layer that diverges is ${firstDivergence} (${bound} allowed)`,
    ...layers.map(
      ({ layer, error, agrees }) =>
        `    ${layer.padEnd(width)}  ${error.toExponential(1)}${agrees ? '' : '  diverges'}`,
    ),
  ];
}

function megabytes(sizeBytes: number): string {
  return `${(sizeBytes / 1e6).toFixed(1)} MB`;
}
