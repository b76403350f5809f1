import { type Command, InvalidArgumentError, Option } from 'commander';
import { ADAPTER_CHOICES, type AdapterChoice } from '../../runtime/adapter.ts';
import type { PreprocessingName } from '../../weights/preprocessing.ts';
import { RESNET_ARCHITECTURES, type ResNetArchitecture, type StrideOn } from '../../weights/resnet_shapes.ts';
import { DEFAULT_BACKBONE } from '../../weights/zoo.ts';

/** Headings of the groups that `--help` shows after a command's own options. */
export const NETWORK_GROUP = 'Network:';
const DEVICE_GROUP = 'Device:';
export const OUTPUT_GROUP = 'Output:';
const CACHING_GROUP = 'Caching:';

/** Options of every command: its output, and its cache. */
export interface CommonFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly debug?: boolean;
  readonly cacheDir?: string;
}

/** Options that choose the network and the adapter. */
export interface NetworkFlags extends CommonFlags {
  readonly backbone?: string;
  readonly weights?: string;
  readonly arch?: ResNetArchitecture;
  readonly strideOn?: StrideOn;
  readonly preprocess?: PreprocessingName;
  readonly prefix?: string;
  readonly adapter: AdapterChoice;
  readonly threads?: number;
  readonly offline?: boolean;
  readonly compact?: boolean;
  readonly half?: Half;
  readonly tuning?: boolean;
}

/** What is rounded to 16-bit floats. */
export type Half = 'weights' | 'products';

/** Adds the options that every command has. Call it last: the command's own options come first in `--help`. */
export function addCommonOptions(command: Command): Command {
  return command
    .optionsGroup(OUTPUT_GROUP)
    .option('--json', 'print one JSON object per line to stdout')
    .option('--quiet', 'print no progress and no notes')
    .option('--debug', 'print a stack trace with every error')
    .helpOption('-h, --help', 'show this help')
    .optionsGroup(CACHING_GROUP)
    .option(
      '--cache-dir <dir>',
      'keep weights and features here (default: the system’s cache folder; env: RAYCAM_CACHE)',
    );
}

export function addAdapterOptions(command: Command): Command {
  return command
    .optionsGroup(DEVICE_GROUP)
    .addOption(
      new Option(
        '--adapter <name>',
        'what computes: gpu; wasm (WebAssembly on the CPU); swiftshader (a Vulkan driver on the CPU); auto (a GPU if there is one, otherwise wasm)',
      )
        .choices(ADAPTER_CHOICES)
        .default('auto')
        .env('RAYCAM_ADAPTER'),
    )
    .addOption(
      new Option('--threads <count>', 'threads of the wasm adapter (default: one per core, at most 8)')
        .argParser(wholeNumber(1, 64))
        .env('RAYCAM_THREADS'),
    )
    .option(
      '--no-wide-simd',
      'on the wasm adapter, do not fuse pairs of operations into 256-bit ones, as Node 24 to 26 can on x86-64',
    );
}

/** Adds the options for weights in memory, which `bench` shares. */
export function addWeightOptions(command: Command): Command {
  return command
    .option('--compact', 'do not expand 3x3 weights for Winograd: a quarter of their memory, but slower on the CPU')
    .addOption(
      new Option(
        '--half <what>',
        'weights: store weights as 16-bit floats, in half the memory; products: also multiply in 16 bits, on a GPU’s matrix hardware (experimental)',
      ).choices(['weights', 'products']),
    )
    .option(
      '--no-tuning',
      'ignore the measurements of `raycam tune`, so that machines of one kind run the same kernels',
    );
}

/** Adds the options of commands that run a network. `backbone` describes the default network. */
export function addNetworkOptions(command: Command, backbone: string = DEFAULT_BACKBONE): Command {
  command
    .optionsGroup(NETWORK_GROUP)
    .option('--backbone <id>', `a network from \`raycam weights list\` (default: ${backbone})`)
    .option('--weights <file>', 'your own weights file: .pth, .safetensors, or a TF.js model.json')
    .addOption(
      new Option(
        '--arch <name>',
        'architecture of the network in --weights (default: recognised from its tensors)',
      ).choices(RESNET_ARCHITECTURES),
    )
    .addOption(
      new Option(
        '--stride-on <window>',
        'with --weights: the convolution of each bottleneck block that has the stride: 3x3 (torchvision) or 1x1 (He et al., Keras)',
      ).choices(['3x3', '1x1']),
    )
    .addOption(
      new Option('--preprocess <name>', 'with --weights: the preprocessing that the network was trained with').choices([
        'torchvision',
        'caffe',
      ]),
    )
    .addOption(prefixOption());
  addWeightOptions(addAdapterOptions(command));
  addCommonOptions(command);
  return command.option('--offline', 'download nothing; use only what is in the cache');
}

export function prefixOption(): Option {
  return new Option(
    '--prefix <text>',
    'if the file has several networks, load the tensors whose names start with this text, such as backbone.',
  );
}

/** Returns the network and device settings that --half stands for. */
export function halfSettings(half: Half | undefined) {
  return { halfWeights: half !== undefined, subgroupMatrix: half === 'products' };
}

/** For commands that compute features. Call it after `addNetworkOptions`. */
export function addReuseOption(command: Command): Command {
  return command
    .optionsGroup(CACHING_GROUP)
    .addOption(
      new Option(
        '--reuse <which>',
        'which cached features to accept: same (from the same adapter and version of Raycam) or any (their last bits may differ)',
      )
        .choices(['same', 'any'])
        .default('same'),
    );
}

/** Returns a parser for a whole number from `least` to `most`, for commander. */
export function wholeNumber(least: number, most = Number.POSITIVE_INFINITY): (text: string) => number {
  return text => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (value > most) throw new InvalidArgumentError(`Expected at most ${most}.`);
    if (!Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`);
    return value;
  };
}

/** Parses a number over 0, for commander. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('Expected a number over 0.');
  return value;
}
