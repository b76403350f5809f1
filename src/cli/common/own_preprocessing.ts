/** Options that say how images were prepared for a network of one's own. */
import { type Command, Option } from 'commander';
import { UsageError } from '../../errors/index.ts';
import type { Preprocessing } from '../../weights/preprocessing.ts';
import { type NetworkFlags, wholeNumber } from './options.ts';

const MAX_SIDE = 2048;

/** Options that describe a weights file. */
const FILE_OPTIONS = {
  arch: '--arch',
  strideOn: '--stride-on',
  preprocess: '--preprocess',
  prefix: '--prefix',
  ema: '--ema',
  classes: '--classes',
  mean: '--mean',
  std: '--std',
  resize: '--resize',
  crop: '--crop',
} as const satisfies Partial<Record<keyof NetworkFlags, string>>;

/** Adds --resize and --crop, for a command that keeps the aspect ratio of images. */
export function addCropOptions(command: Command): Command {
  const side = wholeNumber(1, MAX_SIDE);
  return command
    .addOption(
      new Option(
        '--resize <pixels>',
        'with --weights: resize the shorter side of each image to this length (default: 256). Only classify has this option: the commands for X-rays resize both sides to 224',
      ).argParser(side),
    )
    .addOption(
      new Option(
        '--crop <pixels>',
        'with --weights: then crop a square with sides of this length from the centre (default: 224)',
      ).argParser(side),
    );
}

/**
 * Returns the parts of the preprocessing that the options set, or undefined if they set none.
 *
 * @throws UsageError  an option for weights files is used without one, or two options contradict each other
 */
export function ownPreprocessing(flags: NetworkFlags): Partial<Preprocessing> | undefined {
  const { mean, std, resize, crop } = flags;
  const names = Object.keys(FILE_OPTIONS) as (keyof typeof FILE_OPTIONS)[];
  const [given] = names.filter(name => flags[name] !== undefined);
  if (given !== undefined && flags.weights === undefined)
    throw new UsageError(`${FILE_OPTIONS[given]} needs --weights: other networks have their own settings`);
  if ((mean === undefined) !== (std === undefined))
    throw new UsageError(mean === undefined ? '--std needs --mean' : '--mean needs --std');
  if (mean !== undefined && flags.preprocess !== undefined)
    throw new UsageError('use either --preprocess or --mean and --std, not both: each sets the mean and the deviation');
  if (mean === undefined && resize === undefined && crop === undefined) return undefined;
  return {
    ...(mean && { channelOrder: 'RGB', scale: 1 / 255, mean, std }),
    ...(resize !== undefined && { resize }),
    ...(crop !== undefined && { crop }),
  };
}
