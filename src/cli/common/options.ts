import { type Command, InvalidArgumentError, Option } from 'commander';
import { ADAPTER_CHOICES, type AdapterChoice } from '../../runtime/adapter.ts';
import type { Preprocessing, PreprocessingName } from '../../weights/preprocessing.ts';
import { RESNET_ARCHITECTURES, type ResNetArchitecture, type StrideOn } from '../../weights/resnet_shapes.ts';
import { DEFAULT_BACKBONE } from '../../weights/zoo.ts';

/** Headings of the groups that `--help` shows after a command's own options. */
export const NETWORK_GROUP = 'Network:';
const DEVICE_GROUP = 'Device:';
export const OUTPUT_GROUP = 'Output:';
const CACHING_GROUP = 'Caching:';

/** Options that every command has, for its output and the cache. */
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
  readonly mean?: Preprocessing['mean'];
  readonly std?: Preprocessing['std'];
  /** Only of `classify`, as `crop`. */
  readonly resize?: number;
  readonly crop?: number;
  readonly prefix?: string;
  readonly ema?: boolean;
  /** Names of the classes of a network's own classifier. */
  readonly classes?: readonly string[];
  /** The preprocessing and the eps of a head, for a weights file. Not options. */
  readonly preprocessing?: Partial<Preprocessing>;
  readonly eps?: number;
  readonly adapter: AdapterChoice;
  readonly threads?: number;
  readonly offline?: boolean;
  readonly compact?: boolean;
  readonly half?: Half;
  readonly tuning?: boolean;
}

/** The values that are rounded to 16-bit floats: the weights, or all factors of products. */
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
      'folder for downloaded weights and computed features (default: the system’s cache folder; env: RAYCAM_CACHE)',
    );
}

export function addAdapterOptions(command: Command): Command {
  return command
    .optionsGroup(DEVICE_GROUP)
    .addOption(
      new Option(
        '--adapter <name>',
        'the adapter that runs the shaders: gpu; wasm (WebAssembly on the CPU); swiftshader (a Vulkan driver on the CPU); auto (a GPU if there is one, otherwise wasm)',
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
      'on the wasm adapter, do not fuse pairs of 128-bit operations into 256-bit ones (only Node 24 to 26 on x86-64 can fuse them)',
    );
}

/** Adds the options for weights in memory, which `bench` shares. */
export function addWeightOptions(command: Command): Command {
  return command
    .option(
      '--compact',
      'do not expand 3x3 weights for Winograd; they then take a quarter of the memory, but convolutions are slower on the CPU',
    )
    .addOption(
      new Option(
        '--half <what>',
        'weights: store weights as 16-bit floats, which take half the memory; products: also multiply in 16 bits, on a GPU’s matrix hardware (experimental)',
      ).choices(['weights', 'products']),
    )
    .option(
      '--no-tuning',
      'ignore the measurements of `raycam tune`, so that all machines with the same kind of adapter run the same kernels',
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
        'with --weights: the architecture of the network (default: recognised from its tensors)',
      ).choices(RESNET_ARCHITECTURES),
    )
    .addOption(
      new Option(
        '--stride-on <window>',
        'with --weights: which convolution of a bottleneck block has the stride: the 3x3 (torchvision) or the first 1x1 (He et al., Keras)',
      ).choices(['3x3', '1x1']),
    )
    .addOption(
      new Option('--preprocess <name>', 'with --weights: the preprocessing that the network was trained with').choices([
        'torchvision',
        'caffe',
      ]),
    )
    .addOption(
      new Option(
        '--mean <r,g,b>',
        'with --weights and --std: the mean of each channel that the network was trained with, for pixels from 0 to 1, as in torchvision’s Normalize',
      ).argParser(finiteTriple),
    )
    .addOption(
      new Option('--std <r,g,b>', 'with --weights and --mean: the standard deviation of each channel').argParser(
        positiveTriple,
      ),
    )
    .addOption(prefixOption())
    .addOption(emaOption());
  addWeightOptions(addAdapterOptions(command));
  addCommonOptions(command);
  return command.option('--offline', 'download nothing; use only what is in the cache');
}

export function prefixOption(): Option {
  return new Option(
    '--prefix <text>',
    'load only the tensors whose names start with this text, for example "backbone." (with the dot)',
  );
}

export function emaOption(): Option {
  return new Option('--ema', 'use the averaged weights (EMA) that a checkpoint has beside its state dict');
}

/** Returns the network and device settings that --half stands for. */
export function halfSettings(half: Half | undefined) {
  return { halfWeights: half !== undefined, subgroupMatrix: half === 'products' };
}

/** Adds the option --reuse of commands that compute features. Call it after `addNetworkOptions`. */
export function addReuseOption(command: Command): Command {
  return command
    .optionsGroup(CACHING_GROUP)
    .addOption(
      new Option(
        '--reuse <which>',
        'which cached features to use: same (computed with the same version of Raycam, shaders, adapter, tuning, --half and --compact) or any (the values may differ slightly)',
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

function finiteTriple(text: string): Preprocessing['mean'] {
  return triple(text, Number.isFinite, 'Expected three numbers, separated by commas, such as 0.485,0.456,0.406.');
}

function positiveTriple(text: string): Preprocessing['mean'] {
  return triple(
    text,
    value => Number.isFinite(value) && value > 0,
    'Expected three numbers over 0, separated by commas, such as 0.229,0.224,0.225.',
  );
}

function triple(text: string, isValid: (value: number) => boolean, rule: string): Preprocessing['mean'] {
  const values = text.split(',').map(part => (part.trim() === '' ? Number.NaN : Number(part)));
  if (values.length !== 3 || !values.every(isValid)) throw new InvalidArgumentError(rule);
  return values as unknown as Preprocessing['mean'];
}
