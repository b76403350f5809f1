import { RaycamError } from '../../errors/index.ts';
import { buildNetwork, type Network } from '../../inference/network.ts';
import type { AdapterReport } from '../../runtime/adapter.ts';
import type { Device } from '../../runtime/device.ts';
import type { Shape } from '../../runtime/shape.ts';
import type { Backbone } from '../../weights/backbone.ts';
import type { PullProgress as WeightsProgress } from '../../weights/pull.ts';
import { resolveBackbone } from '../../weights/resolve_backbone.ts';
import { withAddressLimit } from './address_space.ts';
import { type CommonFlags, halfSettings, type NetworkFlags } from './options.ts';
import { Output, type Progress } from './output.ts';
import { ownPreprocessing } from './own_preprocessing.ts';
import { StageClock } from './timing.ts';
import { tuningFor } from './tuning_files.ts';

/** Aborted by the first Ctrl-C. */
export const interruption = new AbortController();

export interface NetworkUse {
  /** Returns the shape of the inputs; one X-ray by default. */
  readonly prepare?: (device: Device) => Shape;
  readonly clock?: StageClock;
}

/** Opens the network that the options name, shows progress, and prints what runs. */
export async function withNetwork(
  flags: NetworkFlags,
  use: (network: Network, output: Output) => Promise<void>,
  { prepare = () => [1, 3, 224, 224], clock = new StageClock() }: NetworkUse = {},
): Promise<void> {
  const output = new Output(flags);
  const pulling = new PullProgress(output);
  const options = {
    id: flags.backbone,
    file: flags.weights,
    arch: flags.arch,
    strideOn: flags.strideOn,
    preprocess: flags.preprocess,
    prefix: flags.prefix,
    ema: flags.ema,
    classes: flags.classes,
    preprocessing: ownPreprocessing(flags) ?? flags.preprocessing,
    eps: flags.eps,
    adapter: flags.adapter,
    threads: flags.threads,
    cacheDir: flags.cacheDir,
    offline: flags.offline,
    compact: flags.compact,
    ...halfSettings(flags.half),
    prepare,
    tuningFor: tuningFor(flags),
    signal: interruption.signal,
    onProgress: pulling.update,
    onRebuild: (reason: string) => output.warn(`raycam: device: was lost (${reason}). Continuing on a new device`),
  };
  const backbone = await clock.time('open', () => resolveBackbone(options)).finally(() => pulling.stop());
  const network = await clock.load(observe => buildNetwork(clock.reading(backbone), { ...options, observe }));
  try {
    for (const note of network.backbone.notes ?? []) output.note(`${flags.weights} ${note}`);
    output.note(`${describeBackbone(network.backbone)} on ${describeAdapter(network.device.adapter)}`);
    if (flags.half !== undefined && network.device.adapter.kind !== 'gpu')
      output.note('--half runs the GPU kernels, which are several times slower on the CPU');
    await use(network, output);
  } finally {
    output.close();
    await network.dispose();
  }
}

/** A progress bar in megabytes that appears when the first bytes arrive. */
export class PullProgress {
  private bar: Progress | undefined;

  constructor(private readonly output: Output) {}

  readonly update = ({ id, from, receivedBytes, totalBytes = receivedBytes }: WeightsProgress): void => {
    const [done, total] = [receivedBytes, totalBytes].map(bytes => Math.round(bytes / 1e6)) as [number, number];
    this.bar ??= this.output.progress(`${id} from ${from}`, total, 'MB');
    this.bar.update(done, total);
  };

  stop(): void {
    this.bar?.stop();
  }
}

/** Runs a command. An error becomes one sentence on stderr (with --debug, the stack as well) and the exit status. */
export async function runCommand(options: CommonFlags, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof RaycamError)) throw error;
    if (options.debug) console.error(error);
    else new Output().warn(`raycam: ${withAddressLimit(error.message)}`.split('\n'));
    process.exitCode = error.exitCode;
  }
}

export function describeAdapter({ kind, description }: AdapterReport): string {
  return kind === 'software' ? `${description} (software)` : description;
}

export function describeBackbone({ id, architecture, note }: Backbone): string {
  return `${id} (${architecture}${note && `: ${note}`})`;
}
