import { type Command, InvalidArgumentError, Option } from 'commander';
import { baseName, checkWritable, type DecodeOptions, listDirectory, makeDirectory } from '#platform';
import type { LoadedImage } from '../../data/loader.ts';
import { explainImage } from '../../inference/explain.ts';
import type { Network } from '../../inference/network.ts';
import type { Head } from '../../nn/head.ts';
import { COLORMAP_NAMES, type ColormapName, DEFAULT_COLORMAP } from '../../report/colormap.ts';
import { type CamPlace, camFiles, Stems, writeCam } from '../common/cam_files.ts';
import {
  classesOption,
  HEADS_NETWORK,
  type HeadFlags,
  headOption,
  type OpenHead,
  withVerdict,
} from '../common/head.ts';
import { ComingImages, forEachImage, frameOption } from '../common/images.ts';
import { addInputs, type InputFlags, inputName, namedImages } from '../common/inputs.ts';
import { addNetworkOptions } from '../common/options.ts';
import { Output } from '../common/output.ts';
import { addForceOption, type OutputFlags, Outputs } from '../common/outputs.ts';
import { runCommand } from '../common/session.ts';
import { StageClock, type TimingFlags, timingOption, timingText } from '../common/timing.ts';

interface CamFlags extends HeadFlags, InputFlags, OutputFlags, TimingFlags, DecodeOptions {
  readonly out: string;
  readonly class?: string;
  readonly align: 'corners' | 'half-pixel';
  readonly colormap: ColormapName;
  readonly opacity: number;
  readonly npy?: boolean;
}

export function registerCam(program: Command): void {
  const command = program.command('cam').description('draw each X-ray with a heat map of the evidence for a class');
  addInputs(command, 'X-ray files (JPEG, PNG, DICOM, …)')
    .requiredOption('--out <dir>', 'write the pictures here, as <name>.cam.png')
    .addOption(headOption())
    .addOption(classesOption())
    .option('--class <name>', 'the class whose evidence is drawn (default: the verdict’s)')
    .addOption(
      new Option(
        '--align <how>',
        'enlarge 7 x 7 to 224 x 224 as scipy’s zoom (corners) or PyTorch’s interpolate (half-pixel)',
      )
        .choices(['corners', 'half-pixel'])
        .default('corners'),
    )
    .addOption(
      new Option('--colormap <name>', 'colours of the heat map; the tutorial uses jet')
        .choices(COLORMAP_NAMES)
        .default(DEFAULT_COLORMAP),
    )
    .option('--opacity <share>', 'opacity of the heat map over the X-ray, 0 to 1', share, 0.5)
    .option('--npy', 'also write the raw maps, float32, not normalised: <name>.cam7.npy and <name>.cam224.npy')
    .addOption(frameOption())
    .addOption(timingOption());
  addForceOption(addNetworkOptions(command, HEADS_NETWORK)).action((images: string[], flags: CamFlags) =>
    runCommand(flags, () => cam(images, flags)),
  );
}

async function cam(inputs: readonly string[], flags: CamFlags): Promise<void> {
  const notes = new Output(flags);
  const paths = await namedImages(inputs, flags, { command: 'cam', output: notes });
  const stems = new Stems();
  const places = paths.map(path => ({ folder: flags.out, stem: stems.next(path), command: 'raycam cam' }));
  const { weights, head, filesFrom } = flags;
  const outputs = new Outputs({ ...flags, command: 'raycam cam', inputs: [...paths, weights, head, filesFrom] });
  await outputs.expectUnlabelled(flags.out);
  await expectFree(outputs, places, flags);
  const images = new ComingImages(paths, notes, flags);
  const clock = new StageClock(flags.timing);
  const draw = async (network: Network, { head }: OpenHead, output: Output) => {
    await makeDirectory(flags.out);
    const drawing = { places, outputs, clock, flags };
    await forEachImage(images, output, loaded => drawOne(network, head, output, { loaded, ...drawing }), {
      writesFiles: true,
    });
  };
  await withVerdict(flags, draw, { clock });
}

/** Checks the files of all images. Lists the folder once, instead of looking each file up. @throws InputError */
async function expectFree(outputs: Outputs, places: readonly CamPlace[], { out, npy }: CamFlags): Promise<void> {
  const files = places.flatMap(place => camFiles(place).slice(0, npy ? undefined : 1));
  await checkWritable(files[0]!.path);
  const present = new Set((await listDirectory(out).catch(() => [])).map(({ name }) => name));
  await outputs.expectDerived(files.filter(({ path }) => present.has(baseName(path))));
}

interface Drawing {
  readonly loaded: LoadedImage;
  /** Where each image's files belong. */
  readonly places: readonly CamPlace[];
  readonly outputs: Outputs;
  readonly clock: StageClock;
  readonly flags: CamFlags;
}

async function drawOne(
  network: Network,
  head: Head,
  output: Output,
  { loaded: { index, path, image, decodeMs }, places, outputs, clock, flags }: Drawing,
): Promise<void> {
  const options = { ...flags, className: flags.class };
  const explanation = await clock.time('forward', () => explainImage(network, head, image, options));
  const to = { ...flags, ...places[index]!, name: baseName(inputName(path)) };
  const files = await clock.time('picture', () => writeCam(explanation, to, outputs));
  const timing = flags.timing ? clock.answer(decodeMs) : undefined;
  const { class: verdict, probabilities, camClass, bounds, isConstant } = explanation;
  const [min, max] = bounds;
  output.result(
    { image: path, class: verdict, probabilities, camClass, min, max, isConstant, notes: image.notes, files, timing },
    `${files[0]}  ${verdict} ${probabilities[verdict]!.toFixed(4)}`,
  );
  if (timing) output.note(timingText(timing));
  if (isConstant) output.note(`${path}: the map is constant (${min}), so the picture highlights nothing`);
}

function share(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('Expected a number from 0 to 1.');
  return value;
}
