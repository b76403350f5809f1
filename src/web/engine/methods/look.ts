/** Adds images, and returns verdicts and maps. */
import { type DecodedImage, decodeImage, encodePng, sha256 } from '#platform';
import { type Evidence, evidenceOf } from '../../../inference/evidence.ts';
import { predictImage, type Verdict } from '../../../inference/predict.ts';
import { composeCamFigure } from '../../../report/cam_figure.ts';
import { layOver, type MapScale, paintMap } from '../../../report/map_raster.ts';
import { keepImage } from '../../shared/image_store.ts';
import { shownMap } from '../../shared/shown_map.ts';
import type { Engine } from '../engine.ts';
import type { Call } from '../serve_calls.ts';

export interface AddedImage {
  readonly hash: string;
  readonly name: string;
  readonly width: number;
  readonly height: number;
}

/** Kinds that browsers show as Raycam reads them, unless their samples are scaled. */
const SHOWN_BY_BROWSERS = ['JPEG', 'PNG', 'WebP', 'GIF', 'AVIF', 'BMP'];

/** Returns a PNG of an image that browsers show in another way than Raycam reads it, or not at all. */
async function previewOf(image: DecodedImage): Promise<Blob | undefined> {
  const { format, bits, bitsUsed } = image.description!;
  if (SHOWN_BY_BROWSERS.includes(format) && bits === bitsUsed) return undefined;
  return new Blob([(await encodePng(image)) as BlobPart], { type: 'image/png' });
}

export interface PictureRequest {
  readonly image: string;
  /** File name for the caption. */
  readonly name: string;
  /** See `shownMap`. */
  readonly map?: string;
  readonly scale: MapScale;
  readonly opacity: number;
}

export const lookMethods = {
  /** Decodes and stores an image. @throws InputError  it is not an image */
  async addImage(
    { blob, name, label }: { blob: Blob; name: string; label?: string },
    { engine }: Call<Engine>,
  ): Promise<AddedImage> {
    const bytes = new Uint8Array(await blob.arrayBuffer());
    const image = await decodeImage(bytes, name);
    const hash = await sha256(bytes);
    const { width, height, notes } = engine.keepImage(hash, image);
    const preview = await previewOf(image);
    await keepImage(hash, { name, width, height, label, addedMs: Date.now(), blob, preview, notes });
    return { hash, name, width, height };
  },

  /** Returns the verdict alone. */
  async predict({ image }: { image: string }, { engine }: Call<Engine>): Promise<Verdict> {
    return predictImage(engine.network, engine.head, await engine.image(image));
  },

  /** Returns the verdict, and the maps of all classes. */
  async evidence({ image }: { image: string }, { engine, transfer }: Call<Engine>): Promise<Evidence> {
    const evidence = await evidenceOf(engine.network, engine.head, await engine.image(image));
    transfer(evidence.image.pixels, ...Object.values(evidence.maps).flatMap(({ cam, upsampled }) => [cam, upsampled]));
    return evidence;
  },

  /** Returns the figure of `raycam cam` as a PNG file, with the map and the scale that the page shows. */
  async picture(
    { image, name, map, scale, opacity }: PictureRequest,
    { engine, transfer }: Call<Engine>,
  ): Promise<Uint8Array> {
    const evidence = await evidenceOf(engine.network, engine.head, await engine.image(image));
    const { about, map: shown } = shownMap(evidence, map);
    const rgba = paintMap(shown.upsampled, scale);
    const black = { ...evidence.image, pixels: new Uint8Array(evidence.image.pixels.length) };
    const figure = composeCamFigure({
      image: evidence.image,
      overlay: layOver(evidence.image, rgba, opacity),
      heatMap: layOver(black, rgba, 1),
      verdict: evidence.class,
      probability: evidence.probabilities[evidence.class]!,
      className: about,
      name,
      colormap: scale.colormap,
      min: scale.bounds[0],
      max: scale.bounds[1],
    });
    const file = await encodePng(figure);
    transfer(file);
    return file;
  },
};
