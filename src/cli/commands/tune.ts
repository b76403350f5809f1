import { Argument, type Command, Option } from 'commander';
import { readTextFile, writeFileAtomic } from '#platform';
import { algorithmName } from '../../nn/convolution_algorithm.ts';
import { encodeSize, type TunedConvolution, Tuning } from '../../nn/tuning.ts';
import type { AdapterChoice } from '../../runtime/adapter.ts';
import { RESNET_ARCHITECTURES, type ResNetArchitecture, type StrideOn } from '../../weights/resnet_shapes.ts';
import { addAdapterOptions, addCommonOptions, type CommonFlags, wholeNumber } from '../common/options.ts';
import { Output } from '../common/output.ts';
import { addForceOption, type OutputFlags, Outputs } from '../common/outputs.ts';
import { interruption, runCommand } from '../common/session.ts';
import { keepTuning } from '../common/tuning_files.ts';

interface TuneFlags extends CommonFlags, OutputFlags {
  readonly adapter: AdapterChoice;
  readonly threads?: number;
  readonly batch: readonly number[];
  readonly size: number;
  readonly strideOn: StrideOn;
  readonly samples?: number;
  readonly out?: string;
  readonly from?: string;
}

export function registerTune(program: Command): void {
  const command = program
    .command('tune')
    .description('time the ways to compute each convolution on this adapter; later commands take the fastest')
    .addArgument(
      new Argument('[architecture]', 'the network whose convolutions are timed')
        .choices(RESNET_ARCHITECTURES)
        .default('resnet152'),
    )
    .option('--batch <counts...>', 'images per forward pass, one count or several (default: 1)', collectCounts)
    .addOption(
      new Option(
        '--stride-on <window>',
        'which convolution of its bottlenecks has the stride: 3x3 (torchvision), 1x1 (He et al., Keras)',
      )
        .choices(['3x3', '1x1'])
        .default('3x3'),
    )
    .option('--size <pixels>', 'height and width of the images', wholeNumber(32), 224)
    .option('--samples <count>', 'measurements of each (default: as many as fit in a second)', wholeNumber(1))
    .option('--out <file>', 'also write the result here, for a page or a machine of the same kind')
    .option('--from <file>', 'measure nothing; keep the results of such a file');
  addForceOption(addCommonOptions(addAdapterOptions(command))).action(
    (architecture: ResNetArchitecture, flags: TuneFlags) => runCommand(flags, () => run(architecture, flags)),
  );
}

const collectCounts = (text: string, before: readonly number[] = []) => [...before, wholeNumber(1)(text)];

async function run(architecture: ResNetArchitecture, flags: TuneFlags): Promise<void> {
  const output = new Output(flags);
  await new Outputs({ ...flags, command: 'raycam tune', inputs: [flags.from] }).expectNamed(flags.out);
  const tuning = flags.from === undefined ? await measured(architecture, flags, output) : await read(flags.from);
  if (flags.out !== undefined) await writeFileAtomic(flags.out, tuning.encode());
  const file = await keepTuning(tuning, flags.cacheDir);
  output.result({ kind: 'tuning', file, convolutions: tuning.convolutions.map(rowOf) }, textOf(tuning, file));
}

async function read(file: string): Promise<Tuning> {
  return Tuning.decode(await readTextFile(file), file);
}

async function measured(architecture: ResNetArchitecture, flags: TuneFlags, output: Output): Promise<Tuning> {
  const { tune } = await import('../../bench/index.ts');
  const { tuning, refused } = await tune({
    ...flags,
    architecture,
    batches: flags.batch,
    side: flags.size,
    signal: interruption.signal,
    onProgress: (done, total, what) => output.note(`tune ${done + 1}/${total}: ${what}`),
  });
  for (const { shape, variant, reason } of refused)
    output.warn(`raycam: tune: ${shape}: ${variant} is wrong (${reason})`);
  return tuning;
}

function rowOf({ size, algorithm, ms, untunedMs }: TunedConvolution) {
  return { ...encodeSize(size), algorithm: algorithmName(algorithm), ms, untunedMs };
}

function textOf({ convolutions }: Tuning, file: string): string[] {
  const rows = convolutions.map(({ size, algorithm, ms, untunedMs }) => {
    const { batch, channels, outChannels, kernelSize, stride } = size;
    const shape = `${batch}x${channels}x${size.size.join('x')} > ${outChannels}, ${kernelSize.join('x')} / ${stride}`;
    return `${shape.padEnd(36)}${algorithmName(algorithm).padEnd(18)}${ms.toFixed(4).padStart(9)} ms${(ms / untunedMs).toFixed(2).padStart(6)} of the untuned`;
  });
  return [...rows, `saved in ${file}`];
}
