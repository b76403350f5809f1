import { type Command, InvalidArgumentError, Option } from 'commander';
import { ADAPTER_CHOICES, type AdapterChoice } from '../runtime/adapter.ts';
import type { PreprocessingName } from '../weights/preprocessing.ts';
import { RESNET_ARCHITECTURES, type ResNetArchitecture } from '../weights/resnet_shapes.ts';
import { DEFAULT_BACKBONE, type StrideOn } from '../weights/zoo.ts';

/** How every command speaks. */
export interface SpeechOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly debug?: boolean;
  readonly cacheDir?: string;
}

/** Which network runs, and on what. */
export interface NetworkFlags extends SpeechOptions {
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

export const PREFIX_HELP =
  'of a file with several networks, take the one whose tensors’ names begin so (backbone., student.)';

export const NO_TUNING_HELP =
  'leave out what `raycam tune` measured: the same kernels, and the same last bits, everywhere';

export function addSpeechOptions(command: Command): Command {
  return command
    .option('--json', 'one JSON object per line on stdout')
    .option('--quiet', 'no progress and no notes')
    .option('--debug', 'a stack with every error')
    .option(
      '--cache-dir <dir>',
      'where weights and features are kept (default: RAYCAM_CACHE, or the system’s place for caches)',
    );
}

export function addAdapterOption(command: Command): Command {
  return command
    .addOption(
      new Option('--adapter <name>', 'auto is a GPU where there is one, else wasm')
        .choices(ADAPTER_CHOICES)
        .default('auto')
        .env('RAYCAM_ADAPTER'),
    )
    .addOption(
      new Option('--threads <count>', 'of the adapter wasm (default: as many as there are cores, up to 8)')
        .argParser(wholeNumber(1, 64))
        .env('RAYCAM_THREADS'),
    )
    .option('--no-wide-simd', 'of the adapter wasm: 128 bits at a time, also in Node 24 to 26, which can pair them');
}

/** `backbone` says what is taken where the caller names none. */
export function addNetworkOptions(command: Command, backbone: string = DEFAULT_BACKBONE): Command {
  addAdapterOption(command)
    .option('--backbone <id>', `a network of \`raycam weights list\` (default: ${backbone})`)
    .option('--weights <file>', 'a weights file of your own: .pth, .safetensors, or a TF.js model.json')
    .addOption(
      new Option('--arch <name>', 'what network the file is, where its tensors do not say').choices(
        RESNET_ARCHITECTURES,
      ),
    )
    .addOption(
      new Option(
        '--stride-on <window>',
        'where the file’s bottlenecks stride: 3x3 (torchvision), 1x1 (He et al., Keras)',
      ).choices(['3x3', '1x1']),
    )
    .addOption(
      new Option('--preprocess <name>', 'what the file’s network was trained on').choices(['torchvision', 'caffe']),
    )
    .option('--prefix <text>', PREFIX_HELP)
    .option('--offline', 'take what the cache has, fetch nothing')
    .option('--compact', 'weights at their own size in memory: slower on the CPU')
    .addOption(halfOption())
    .option('--no-tuning', NO_TUNING_HELP);
  return addSpeechOptions(command);
}

export function halfOption(): Option {
  return new Option(
    '--half <what>',
    'as 16-bit floats: weights, in half of the memory, by kernels for GPUs; or all factors of products, on a GPU’s matrix hardware (experimental)',
  ).choices(['weights', 'products']);
}

/** What --half asks of a network and of a device. */
export function halfSettings(half: Half | undefined) {
  return { halfWeights: half !== undefined, subgroupMatrix: half === 'products' };
}

/** For commands that keep features. */
export function addReuseOption(command: Command): Command {
  return command.addOption(
    new Option('--reuse <which>', 'kept features of the same adapter and version, or of any: their last bits differ')
      .choices(['same', 'any'])
      .default('same'),
  );
}

/** A whole number from `least` to `most`, for commander. */
export function wholeNumber(least: number, most = Number.POSITIVE_INFINITY): (text: string) => number {
  return text => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (value > most) throw new InvalidArgumentError(`Expected no more than ${most}.`);
    if (!Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`);
    return value;
  };
}

/** A number over 0, for commander. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('Expected a number over 0.');
  return value;
}
