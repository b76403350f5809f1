import { type Command, InvalidArgumentError, Option } from 'commander';
import { baseName, encodePng, joinPath, makeDirectory, writeFileAtomic } from '#platform';
import { type Explanation, explainImage } from '../../inference/explain.ts';
import type { Network } from '../../inference/network.ts';
import type { Head } from '../../nn/head.ts';
import { composeCamFigure } from '../../report/cam_figure.ts';
import { COLORMAP_NAMES, type ColormapName, DEFAULT_COLORMAP } from '../../report/colormap.ts';
import { encodeNpy } from '../../weights/npy.ts';
import { withHead } from '../head.ts';
import { ComingImages, expectFiles, forEachImage } from '../images.ts';
import { addNetworkOptions, type NetworkFlags } from '../options.ts';
import type { Output } from '../output.ts';
import { runCommand } from '../session.ts';
import { StageClock, type TimingFlags, timingOption, timingText } from '../timing.ts';

interface CamFlags extends NetworkFlags, TimingFlags {
  readonly head?: string;
  readonly out: string;
  readonly class?: string;
  readonly align: 'corners' | 'half-pixel';
  readonly colormap: ColormapName;
  readonly opacity: number;
  readonly npy?: boolean;
}

export function registerCam(program: Command): void {
  addNetworkOptions(program.command('cam').argument('<image...>', 'chest X-rays: JPEG, PNG, …'), 'the head’s')
    .description('where the evidence for a class lies: a picture of each X-ray with its heat map')
    .requiredOption('--out <dir>', 'the folder for the pictures, <name>.png')
    .option('--head <file>', 'a head of `raycam train` (default: the bundled one)')
    .option('--class <name>', 'whose evidence to draw (default: the verdict’s)')
    .addOption(
      new Option(
        '--align <how>',
        'how 7 x 7 becomes 224 x 224: corners as scipy’s zoom, half-pixel as PyTorch’s interpolate',
      )
        .choices(['corners', 'half-pixel'])
        .default('corners'),
    )
    .addOption(
      new Option('--colormap <name>', 'jet is the tutorial’s').choices(COLORMAP_NAMES).default(DEFAULT_COLORMAP),
    )
    .option('--opacity <share>', 'of the heat map over the X-ray, 0 to 1', share, 0.5)
    .option('--npy', 'also the raw maps, float32, not normalised: <name>.cam7.npy and <name>.cam224.npy')
    .addOption(timingOption())
    .action((images: string[], flags: CamFlags) =>
      runCommand(flags, async () => {
        await expectFiles(images);
        const coming = new ComingImages(images);
        const clock = new StageClock(flags.timing);
        const draw = async (network: Network, head: Head, output: Output) => {
          await makeDirectory(flags.out);
          const taken = new Set<string>();
          await forEachImage(coming, output, async ({ path, image, decodeMs }) => {
            const stem = freeStem(path, taken);
            const options = { ...flags, className: flags.class };
            const explanation = await clock.time('forward', () => explainImage(network, head, image, options));
            const to = { folder: flags.out, stem, name: baseName(path), ...flags };
            const files = await clock.time('picture', () => writeCam(explanation, to));
            const timing = flags.timing ? clock.answer(decodeMs) : undefined;
            const { class: verdict, probabilities, camClass, bounds, isConstant } = explanation;
            output.result(
              {
                image: path,
                class: verdict,
                probabilities,
                camClass,
                min: bounds[0],
                max: bounds[1],
                isConstant,
                files,
                timing,
              },
              `${files[0]}  ${verdict} ${probabilities[verdict]!.toFixed(4)}`,
            );
            if (timing) output.note(timingText(timing));
            if (isConstant) output.note(`${path}: the map is constant (${bounds[0]}), so the picture shows no place`);
          });
        };
        await withHead(flags, draw, { clock });
      }),
    );
}

/** Writes the picture, and the raw maps where asked; returns their paths. */
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

/** The file's name without its ending; numbered where two images of one call share it. */
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
