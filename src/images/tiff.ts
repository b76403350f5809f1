/** Reads TIFF files of any sample type. */
import { InputError } from '../errors/index.ts';
import { cmykToRgb } from './cmyk.ts';
import { checkPixels } from './limits.ts';
import { orient } from './orientation.ts';
import type { SampleArray, Samples } from './samples.ts';
import { type TiffPieces, tiffStructure } from './tiff_structure.ts';

/** The first page of a TIFF file, or another. */
export interface TiffPage extends Samples {
  /** What the samples mean, in words. */
  readonly photometric: string;
  readonly pages: number;
  /** The orientation that was applied; 1 leaves the image as it is. */
  readonly orientation: number;
}

/** TIFF's PhotometricInterpretation. Source: TIFF 6.0, section 8 */
const PHOTOMETRIC: ReadonlyMap<number, string> = new Map([
  [0, 'grey, white is 0'],
  [1, 'grey'],
  [2, 'RGB'],
  [3, 'palette'],
  [5, 'CMYK'],
  [6, 'YCbCr'],
  [8, 'CIELAB'],
  [9, 'ICCLAB'],
  [10, 'ITULAB'],
  [4, 'transparency mask'],
  [32803, 'colour filter array'],
  [32844, 'LogL'],
  [32845, 'LogLUV'],
  [34892, 'linear raw'],
]);
const [PALETTE, CMYK, YCBCR] = [3, 5, 6];
/** Those whose samples are grey or colours. */
const READ = new Set([0, 1, 2, PALETTE, CMYK, YCBCR]);

/** More bytes of samples than this are refused. 100 megapixels of 32 bits. */
const MAX_SAMPLE_BYTES = 400e6;

/** A file with more strips or tiles is refused. One strip for each row of a large detector makes 5,000. */
const MAX_PIECES = 100_000;

type GeoTiff = typeof import('geotiff');
type Page = Awaited<ReturnType<Awaited<ReturnType<GeoTiff['fromArrayBuffer']>>['getImage']>>;

/**
 * Reads one page of a TIFF file.
 *
 * frame    the page; the first is 1
 * returns  samples as stored; palette, CMYK and YCbCr as 8-bit RGB
 *
 * @throws InputError  the page does not exist, is too large, or its samples are neither grey nor colours
 * @throws Error       the file is damaged, or compressed by a method that is not supported
 */
export async function readTiff(bytes: Uint8Array, name: string, frame = 1): Promise<TiffPage> {
  const { pages, ...pieces } = tiffStructure(bytes, frame);
  if (frame > pages) throw new InputError(`${name}: has ${pages} pages, not ${frame}. Choose one from 1 to ${pages}`);
  const { fromArrayBuffer } = await import('geotiff');
  const file = await fromArrayBuffer(bytes.slice().buffer as ArrayBuffer);
  const page = await file.getImage(frame - 1);
  const code: number = page.fileDirectory.getValue('PhotometricInterpretation') ?? 1;
  const photometric = PHOTOMETRIC.get(code) ?? `interpretation ${code}`;
  if (!READ.has(code))
    throw new InputError(
      `${name}: is a TIFF file whose samples are ${photometric}, which Raycam does not read. Save it as grey or RGB`,
    );
  checkSize(page, { pieces, sizeBytes: bytes.length, name });
  const isConverted = code === PALETTE || code === CMYK || code === YCBCR;
  const samples = isConverted ? await readColours(page, code, name) : await readSamples(page);
  const orientation = (await page.fileDirectory.loadValue('Orientation')) ?? 1;
  return { ...orient({ ...samples, whiteIsZero: code === 0 }, orientation), photometric, pages, orientation };
}

function checkSize(
  page: Page,
  { pieces, sizeBytes, name }: { readonly pieces: TiffPieces; readonly sizeBytes: number; readonly name: string },
): void {
  const [width, height] = [page.getWidth(), page.getHeight()];
  checkPixels({ width, height }, sizeBytes, name);
  const samples = page.getSamplesPerPixel();
  const pixelBytes = samples * Math.ceil(page.getBitsPerSample() / 8);
  const sampleBytes = Math.max(width * height, pieces.tile[0] * pieces.tile[1]) * pixelBytes;
  if (!(sampleBytes <= MAX_SAMPLE_BYTES))
    throw new InputError(
      `${name}: is too large (${width} x ${height} pixels, ${Math.round(sampleBytes / 1e6)} MB; the limit is ${MAX_SAMPLE_BYTES / 1e6} MB). Scale it down first`,
    );
  // The decoder creates objects for each piece, so their number must be real.
  const count = Math.ceil(width / page.getTileWidth()) * Math.ceil(height / page.getTileHeight());
  if (!(count <= pieces.offsets && count <= MAX_PIECES))
    throw new Error(`it has ${pieces.offsets} strips or tiles, expected ${count}`);
}

async function readSamples(page: Page): Promise<Samples> {
  const channels = Math.min(page.getSamplesPerPixel(), 4);
  const values = await page.readRasters({ interleave: true, samples: Array.from({ length: channels }, (_, i) => i) });
  return {
    width: page.getWidth(),
    height: page.getHeight(),
    channels,
    values: values as unknown as SampleArray,
    bits: page.getBitsPerSample(),
    isFloat: page.getSampleFormat() === 3,
  };
}

/** Reads samples that are not grey or RGB, of 8 bits or fewer, as RGB. */
async function readColours(page: Page, code: number, name: string): Promise<Samples> {
  if (page.getBitsPerSample() > 8)
    throw new InputError(
      `${name}: is a TIFF file whose samples are ${PHOTOMETRIC.get(code)} of ${page.getBitsPerSample()} bits, which Raycam does not read. Save it as grey or RGB`,
    );
  const values =
    code === CMYK
      ? cmykToRgb((await readSamples(page)).values, 4)
      : ((await page.readRGB({ interleave: true })) as unknown as SampleArray);
  return {
    width: page.getWidth(),
    height: page.getHeight(),
    channels: 3,
    values,
    bits: 8,
    isFloat: false,
  };
}
