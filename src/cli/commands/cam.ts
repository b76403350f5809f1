import { type Command, InvalidArgumentError, Option } from 'commander';
import { baseName, encodePng, joinPath, makeDirectory, writeFileAtomic } from '#platform';
import { type Explanation, explainImage } from '../../inference/explain.ts';
import { composeCamFigure } from '../../report/cam_figure.ts';
import { COLORMAP_NAMES, type ColormapName, DEFAULT_COLORMAP } from '../../report/colormap.ts';
import { encodeNpy } from '../../weights/npy.ts';
import { withHead } from '../head.ts';
import { expectFiles, forEachImage } from '../images.ts';
import { addNetworkOptions, type NetworkFlags } from '../options.ts';
import { runCommand } from '../session.ts';

interface CamFlags extends NetworkFlags {
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
    .action((images: string[], flags: CamFlags) =>
      runCommand(flags, async () => {
        await expectFiles(images);
        await withHead(flags, async (network, head, output) => {
          await makeDirectory(flags.out);
          const taken = new Set<string>();
          await forEachImage(images, output, async ({ path, image }) => {
            const stem = freeStem(path, taken);
            const explanation = await explainImage(network, head, image, { ...flags, className: flags.class });
            const files = await writeCam(explanation, { folder: flags.out, stem, name: baseName(path), ...flags });
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
              },
              `${files[0]}  ${verdict} ${probabilities[verdict]!.toFixed(4)}`,
            );
            if (isConstant) output.note(`${path}: the map is constant (${bounds[0]}), so the picture shows no place`);
          });
        });
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
