/** The files of a heat map: the picture, and the raw maps beside it. */
import { baseName, encodePng, fileExists, joinPath, openFile, readFile, sha256 } from '#platform';
import type { Explanation } from '../../inference/explain.ts';
import { composeCamFigure } from '../../report/cam_figure.ts';
import type { ColormapName } from '../../report/colormap.ts';
import { addPngTexts, readPngTexts } from '../../report/png_text.ts';
import { encodeNpy } from '../../weights/npy.ts';
import type { DerivedFile, Outputs } from './outputs.ts';

/** The PNG specification's keyword for the program that made a picture. */
const MADE_BY = 'Software';
/** The SHA-256 of the raw maps that were written beside a picture. */
const MAPS = 'raycam maps';
const MAP_ENDINGS = ['.cam7.npy', '.cam224.npy'] as const;
/** A picture's texts are in its first bytes. */
const HEAD_BYTES = 4096;
/** A raw map of 224 x 224 takes 201 kB. */
const MOST_MAP_BYTES = 1e6;

/** Where a command writes the files of an image. */
export interface CamPlace {
  readonly folder: string;
  readonly stem: string;
  /** The command, as in `raycam cam`: it replaces what it wrote itself. */
  readonly command: string;
}

interface CamPicture extends CamPlace {
  /** The image's name, as the picture shows it. */
  readonly name: string;
  readonly colormap: ColormapName;
  /** Also writes the raw maps. */
  readonly npy?: boolean;
}

/** Returns the files that `writeCam` may write: the picture, and the raw maps. */
export function camFiles({ folder, stem, command }: CamPlace): readonly [DerivedFile, ...DerivedFile[]] {
  const path = (ending: string) => joinPath(folder, `${stem}${ending}`);
  const picture = path('.cam.png');
  const maps = MAP_ENDINGS.map(ending => ({
    path: path(ending),
    isOwn: async (map: string) =>
      (await mapsOf(picture, command)).includes(await sha256(await readFile(map, MOST_MAP_BYTES))),
  }));
  return [{ path: picture, isOwn: async file => (await textsOf(file))[MADE_BY] === command }, ...maps];
}

/** Writes the picture, and with `npy` the raw maps. Returns their paths. @throws InputError */
export async function writeCam(explanation: Explanation, to: CamPicture, outputs: Outputs): Promise<string[]> {
  const [picture, ...maps] = camFiles(to);
  const contents = to.npy ? [explanation.cam, explanation.upsampled].map(encodeNpy) : [];
  // A picture that was made before lists the maps beside it. It stays true if this process ends between two files.
  const kept = await Promise.all(maps.map(ownHash));
  const hashes = [...(await Promise.all(contents.map(sha256))), ...kept.filter(hash => hash !== undefined)];
  const png = addPngTexts(await encodePng(figureOf(explanation, to)), {
    [MADE_BY]: to.command,
    ...(hashes.length > 0 && { [MAPS]: [...new Set(hashes)].join(' ') }),
  });
  await outputs.writeDerived(picture, png);
  for (const [i, bytes] of contents.entries()) await outputs.writeDerived(maps[i]!, bytes);
  return [picture, ...maps.slice(0, contents.length)].map(({ path }) => path);
}

function figureOf(explanation: Explanation, { name, colormap }: CamPicture) {
  const { image, overlay, heatMap, class: verdict, probabilities, camClass, bounds } = explanation;
  const [min, max] = bounds;
  return composeCamFigure({
    image,
    overlay,
    heatMap,
    verdict,
    probability: probabilities[verdict]!,
    className: camClass,
    name,
    colormap,
    min,
    max,
  });
}

/** Returns the hash of a raw map that the picture beside it lists. */
async function ownHash({ path, isOwn }: DerivedFile): Promise<string | undefined> {
  const isListed = (await fileExists(path)) && (await isOwn(path).catch(() => false));
  return isListed ? sha256(await readFile(path, MOST_MAP_BYTES)) : undefined;
}

async function mapsOf(picture: string, command: string): Promise<readonly string[]> {
  const texts = await textsOf(picture);
  return texts[MADE_BY] === command ? (texts[MAPS]?.split(' ') ?? []) : [];
}

async function textsOf(path: string): Promise<Record<string, string>> {
  const file = await openFile(path);
  try {
    return readPngTexts(await file.read(0, Math.min(file.sizeBytes, HEAD_BYTES)));
  } finally {
    await file.close();
  }
}

/** Gives each image of a call a stem of its own: its file's name without the extension, numbered if that is taken. */
export class Stems {
  private readonly taken = new Set<string>();
  private readonly counts = new Map<string, number>();

  next(path: string): string {
    const stem = path === '-' ? 'stdin' : baseName(path).replace(/\.[^.]+$/, '');
    // Some file systems do not tell upper from lower case, nor the two codes of a letter with an accent.
    const key = stem.normalize('NFC').toLowerCase();
    let count = this.counts.get(key) ?? 1;
    let suffix = count === 1 ? '' : `-${count}`;
    while (this.taken.has(key + suffix)) suffix = `-${++count}`;
    this.counts.set(key, count + 1);
    this.taken.add(key + suffix);
    return stem + suffix;
  }
}
