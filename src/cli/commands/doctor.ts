import type { Command } from 'commander';
import { availableCores, cacheDirectory, fileExists, fileStatus, joinPath, listDirectory } from '#platform';
import { version } from '../../../package.json';
import { DeviceError } from '../../errors.ts';
import { type SelfTestResult, selfTest } from '../../inference/self_test.ts';
import { ADAPTER_CHOICES, type AdapterChoice, type AdapterReport } from '../../runtime/adapter.ts';
import { Device } from '../../runtime/device.ts';
import { listZoo, type ZooListing } from '../../weights/manage.ts';
import { addAdapterOption, addSpeechOptions, type SpeechOptions } from '../options.ts';
import { Output } from '../output.ts';
import { describeAdapter, runCommand } from '../session.ts';

/** Those that decide which tensors and workgroups fit. */
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupsPerDimension',
] as const;

type Checked = { readonly choice: AdapterChoice } & (
  | { readonly present: false; readonly reason: string }
  | {
      readonly present: true;
      readonly report: AdapterReport;
      readonly limits: Readonly<Record<string, number>>;
      /** What stopped it, where it did not end. */
      readonly selfTest: SelfTestResult | { readonly passed: false; readonly reason: string };
    }
);

interface CacheEntry {
  readonly name: string;
  readonly sizeBytes: number;
}

type DoctorFlags = SpeechOptions & { readonly adapter: AdapterChoice; readonly threads?: number };

export function registerDoctor(program: Command): void {
  addSpeechOptions(addAdapterOption(program.command('doctor')))
    .description('adapters, limits, what is cached, and a self-test on each adapter against PyTorch’s results')
    .action((flags: DoctorFlags) => runCommand(flags, () => diagnose(flags)));
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
  const present = adapters.filter(adapter => adapter.present);
  const passed = present.length > 0 && present.every(adapter => adapter.selfTest.passed);
  const cached = weights.map(({ id, from, cachedPath }) => ({ id, from, cached: cachedPath !== undefined }));
  output.result(
    { ...machine, cacheDirectory: folder, cache, weights: cached, adapters: adapters.map(asRecord), passed },
    [
      `Raycam ${machine.raycam}, Node ${machine.node} on ${machine.platform}, ${machine.cores} cores`,
      ...cacheLines(folder, cache),
      ...weightsLines(weights),
      ...adapters.flatMap(adapterLines),
      passed ? 'PASS' : present.length > 0 ? 'FAIL' : 'FAIL: there is no adapter to run on',
    ].join('\n'),
  );
  if (!passed) process.exitCode = 1;
}

/** In the order of the choices: SwiftShader, once it is loaded, hides other drivers from this process. */
async function checkAdapters({ adapter: choice, threads }: DoctorFlags, output: Output): Promise<Checked[]> {
  const choices = choice === 'auto' ? ADAPTER_CHOICES.filter(each => each !== 'auto') : [choice];
  const checked: Checked[] = [];
  for (const each of choices) {
    output.note(`checking ${each} …`);
    checked.push(await checkAdapter(each, threads));
  }
  return checked;
}

async function checkAdapter(choice: AdapterChoice, threads: number | undefined): Promise<Checked> {
  let device: Device;
  try {
    device = await Device.open({ adapter: choice, threads });
  } catch (error) {
    if (error instanceof DeviceError) return { choice, present: false, reason: error.message };
    throw error;
  }
  try {
    const limits = Object.fromEntries(LIMITS.map(name => [name, device.limits[name]]));
    return { choice, present: true, report: device.adapter, limits, selfTest: await tested(device) };
  } finally {
    device.dispose();
  }
}

async function tested(device: Device) {
  try {
    return await selfTest(device);
  } catch (error) {
    return { passed: false as const, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Files and folders at the top of the cache, with all that is in them. */
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

function asRecord(checked: Checked): object {
  if (!checked.present) return { adapter: checked.choice, present: false, reason: checked.reason };
  const { choice, report, limits } = checked;
  return { adapter: choice, present: true, ...report, limits, selfTest: checked.selfTest };
}

function cacheLines(folder: string, entries: readonly CacheEntry[]): string[] {
  if (entries.length === 0) return [`cache ${folder}: empty`];
  const width = Math.max(...entries.map(({ name }) => name.length));
  return [
    `cache ${folder}`,
    ...entries.map(({ name, sizeBytes }) => `  ${name.padEnd(width)}  ${megabytes(sizeBytes)}`),
  ];
}

function weightsLines(weights: readonly ZooListing[]): string[] {
  const width = Math.max(...weights.map(({ id }) => id.length));
  const state = ({ cachedPath, from }: ZooListing) => (cachedPath === undefined ? `not cached (${from})` : 'cached');
  return ['weights', ...weights.map(listing => `  ${listing.id.padEnd(width)}  ${state(listing)}`)];
}

function adapterLines(checked: Checked): string[] {
  if (!checked.present) return [`${checked.choice}: none. ${checked.reason}`];
  const { choice, report, limits } = checked;
  return [
    `${choice}: ${describeAdapter(report)}`,
    ...Object.entries(limits).map(([name, value]) => `  ${name} ${value}`),
    `  features ${report.features.join(', ') || 'none'}`,
    `  toggles ${report.toggles.join(', ') || 'none'}`,
    ...selfTestLines(checked.selfTest),
  ];
}

function selfTestLines(result: SelfTestResult | { readonly passed: false; readonly reason: string }): string[] {
  if ('reason' in result) return [`  self-test FAIL: ${result.reason}`];
  const { layers, architecture, bound, elapsedMs } = result;
  const width = Math.max(...layers.map(({ layer }) => layer.length));
  return [
    `  self-test ${result.passed ? 'PASS' : 'FAIL'}: ${architecture} in ${(elapsedMs / 1000).toFixed(1)} s, largest error per layer, ${bound} allowed`,
    ...layers.map(
      ({ layer, error, passed }) => `    ${layer.padEnd(width)}  ${error.toExponential(1)}${passed ? '' : '  FAIL'}`,
    ),
  ];
}

function megabytes(sizeBytes: number): string {
  return `${(sizeBytes / 1e6).toFixed(1)} MB`;
}
