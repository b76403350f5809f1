import { type Command, InvalidArgumentError, Option } from 'commander';
import { baseName, type DecodeOptions, encodePng, joinPath, makeDirectory, writeFileAtomic } from '#platform';
import type { LoadedImage } from '../../data/loader.ts';
import { type Explanation, explainImage } from '../../inference/explain.ts';
import type { Network } from '../../inference/network.ts';
import type { Head } from '../../nn/head.ts';
import { composeCamFigure } from '../../report/cam_figure.ts';
import { COLORMAP_NAMES, type ColormapName, DEFAULT_COLORMAP } from '../../report/colormap.ts';
import { encodeNpy } from '../../weights/npy.ts';
import { HEADS_NETWORK, type HeadFlags, headOption, withHead } from '../common/head.ts';
import { ComingImages, expectFiles, forEachImage, frameOption } from '../common/images.ts';
import { addNetworkOptions } from '../common/options.ts';
import type { Output } from '../common/output.ts';
import { runCommand } from '../common/session.ts';
import { StageClock, type TimingFlags, timingOption, timingText } from '../common/timing.ts';

interface CamFlags extends HeadFlags, TimingFlags, DecodeOptions {
  readonly out: string;
  readonly class?: string;
  readonly align: 'corners' | 'half-pixel';
  readonly colormap: ColormapName;
  readonly opacity: number;
  readonly npy?: boolean;
}

export function registerCam(program: Command): void {
  const command = program
    .command('cam')
    .description('draw each X-ray with a heat map of the evidence for a class')
    .argument('<image...>', 'chest X-rays: JPEG, PNG, …')
    .requiredOption('--out <dir>', 'write the pictures here, as <name>.png')
    .addOption(headOption())
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
  addNetworkOptions(command, HEADS_NETWORK).action((images: string[], flags: CamFlags) =>
    runCommand(flags, () => cam(images, flags)),
  );
}

async function cam(paths: readonly string[], flags: CamFlags): Promise<void> {
  await expectFiles(paths);
  const images = new ComingImages(paths, flags);
  const clock = new StageClock(flags.timing);
  const draw = async (network: Network, head: Head, output: Output) => {
    await makeDirectory(flags.out);
    const taken = new Set<string>();
    await forEachImage(images, output, loaded => drawOne(network, head, output, { loaded, taken, clock, flags }));
  };
  await withHead(flags, draw, { clock });
}

interface Drawing {
  readonly loaded: LoadedImage;
  /** Stems that earlier images of this call took. */
  readonly taken: Set<string>;
  readonly clock: StageClock;
  readonly flags: CamFlags;
}

async function drawOne(
  network: Network,
  head: Head,
  output: Output,
  { loaded: { path, image, decodeMs }, taken, clock, flags }: Drawing,
): Promise<void> {
  const options = { ...flags, className: flags.class };
  const explanation = await clock.time('forward', () => explainImage(network, head, image, options));
  const to = { folder: flags.out, stem: freeStem(path, taken), name: baseName(path), ...flags };
  const files = await clock.time('picture', () => writeCam(explanation, to));
  const timing = flags.timing ? clock.answer(decodeMs) : undefined;
  const { class: verdict, probabilities, camClass, bounds, isConstant } = explanation;
  const [min, max] = bounds;
  output.result(
    { image: path, class: verdict, probabilities, camClass, min, max, isConstant, files, timing },
    `${files[0]}  ${verdict} ${probabilities[verdict]!.toFixed(4)}`,
  );
  if (timing) output.note(timingText(timing));
  if (isConstant) output.note(`${path}: the map is constant (${min}), so the picture highlights nothing`);
}

/** Writes the picture, and with `npy` the raw maps. Returns their paths. */
export async function writeCam(
  explanation: Explanation,
  to: {
    readonly folder: string;
    readonly stem: string;
    readonly name: string;
    readonly colormap: ColormapName;
    readonly npy?: boolean;
  },
): Promise<string[]> {
  const { image, overlay, heatMap, class: verdict, probabilities, camClass, bounds, cam, upsampled } = explanation;
  const figure = composeCamFigure({
    image,
    overlay,
    heatMap,
    verdict,
    probability: probabilities[verdict]!,
    className: camClass,
    name: to.name,
    colormap: to.colormap,
    min: bounds[0],
    max: bounds[1],
  });
  const path = (ending: string) => joinPath(to.folder, `${to.stem}${ending}`);
  const files: [string, Uint8Array][] = [[path('.png'), await encodePng(figure)]];
  if (to.npy) files.push([path('.cam7.npy'), encodeNpy(cam)], [path('.cam224.npy'), encodeNpy(upsampled)]);
  for (const [file, bytes] of files) await writeFileAtomic(file, bytes);
  return files.map(([file]) => file);
}

/** Returns the file's name without its extension, with a number if an earlier image of this call has the same. */
function freeStem(path: string, taken: Set<string>): string {
  const stem = baseName(path).replace(/\.[^.]+$/, '');
  let free = stem;
  for (let n = 2; taken.has(free); n++) free = `${stem}-${n}`;
  taken.add(free);
  return free;
}

function share(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('Expected a number from 0 to 1.');
  return value;
}
