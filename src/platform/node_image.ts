import type { Metadata, Sharp } from 'sharp';
import { isDicom } from '../dicom/detect.ts';
import { firstLine, InputError, messageOf } from '../errors/index.ts';
import { cmykToRgb } from '../images/cmyk.ts';
import { decodeNetpbm, decodeTiff, imageOfSamples } from '../images/decode.ts';
import { describeNonImage } from '../images/errors.ts';
import { type About, imageOfPixels } from '../images/finish.ts';
import { type ImageKind, imageKind, isNetpbm } from '../images/kinds.ts';
import { checkPixels, MAX_PIXELS } from '../images/limits.ts';
import { significantBits } from '../images/png.ts';
import type { DecodedImage, DecodeOptions, RasterImage } from './types.ts';

const RASTER_FORMATS = new Set(['jpeg', 'png', 'webp', 'gif', 'tiff', 'heif']);

/** libvips' names for the loaders of those formats. */
const LOADERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Tiff', 'Heif'];

type SharpModule = typeof import('sharp')['default'];
let loading: Promise<SharpModule> | undefined;

/**
 * Loads sharp at the first image, so that other commands start faster. The cache is off to bound memory in large
 * folders.
 *
 * @throws InputError  its binary for this system is not installed
 */
async function loadSharp(): Promise<SharpModule> {
  loading ??= import('sharp').then(
    module => {
      module.default.cache(false);
      // Loaders that render documents (SVG, PDF, …) never run, whatever a file's first bytes say.
      module.default.block({ operation: ['VipsForeignLoad'] });
      module.default.unblock({ operation: LOADERS.map(name => `VipsForeignLoad${name}`) });
      return module.default;
    },
    error => {
      throw new InputError(
        `images: the package sharp cannot be loaded for ${process.platform}-${process.arch} (${firstLine(messageOf(error))}). ` +
          'Install it on this system: npm install --include=optional sharp',
        { cause: error },
      );
    },
  );
  return loading;
}

/**
 * Decodes JPEG, PNG, WebP, GIF, TIFF, BMP, Netpbm, AVIF or DICOM to RGB.
 *
 * returns  [height, width, 3], 0..255
 *
 * Keeps the stored colours: it ignores ICC profiles, drops alpha without blending, scales samples of more than 8 bits
 * by `scaleSamples`, converts CMYK to RGB as PIL does, and applies the EXIF orientation. JPEG pixels equal
 * libjpeg-turbo's, hence PIL's.
 *
 * @throws InputError  the bytes are not an image, are cut short, are of an unsupported kind, or the image is too large
 */
export async function decodeImage(
  bytes: Uint8Array,
  name: string,
  { frame = 1 }: DecodeOptions = {},
): Promise<DecodedImage> {
  if (isDicom(bytes)) {
    const { dicomHost, readDicom } = await import('./node_dicom.ts');
    return readDicom(bytes, name, { frame, host: dicomHost(jpeg => decodeImage(jpeg, name)) });
  }
  const kind = imageKind(bytes);
  const sharp = await loadSharp();
  try {
    if (kind === undefined) throw new Error('its first bytes are unknown');
    if (kind === 'BMP') {
      const { readBmp } = await import('../images/bmp.ts');
      return imageOfSamples(readBmp(bytes, name), name, { format: kind, photometric: 'RGB' });
    }
    if (isNetpbm(kind)) return await decodeNetpbm(bytes, name, kind);
    return await decodeWithSharp(sharp, { bytes, name, kind, frame });
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(describeNonImage(bytes, name, messageOf(error)), { cause: error });
  }
}

interface Encoded {
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly kind: ImageKind;
  readonly frame: number;
}

async function decodeWithSharp(sharp: SharpModule, { bytes, name, kind, frame }: Encoded): Promise<DecodedImage> {
  const open = () =>
    sharp(bytes, {
      failOn: 'error',
      limitInputPixels: MAX_PIXELS,
      ignoreIcc: true,
      autoOrient: true,
      ...(frame > 1 ? { page: frame - 1 } : {}),
    });
  const metadata = await open()
    .metadata()
    .catch(error => {
      // libvips reads only some of the sample types of TIFF. The reader for all of them says what is wrong.
      if (kind === 'TIFF' && !/pixel limit/i.test(messageOf(error))) return undefined;
      throw error;
    });
  if (metadata === undefined || (kind === 'TIFF' && !isPlainTiff(metadata))) return decodeTiff(bytes, name, frame);
  if (!RASTER_FORMATS.has(metadata.format)) throw new Error(`${metadata.format} is not a raster image`);
  checkPixels(metadata, bytes.length, name);
  const about = describe(metadata, kind);
  if (metadata.space === 'cmyk') return imageOfPixels(await readCmyk(open()), about);
  const isDeep = metadata.depth === 'ushort' && (metadata.space === 'grey16' || metadata.space === 'rgb16');
  if (!isDeep) return imageOfPixels(await readRgb(open(), metadata), about);
  const samples = await readDeep(open(), metadata);
  const statedBits = kind === 'PNG' ? significantBits(bytes) : undefined;
  return imageOfSamples({ ...samples, statedBits }, name, about);
}

/** Whether sharp converts the samples as they are meant: 8 bits or fewer, grey, colours or a palette. */
function isPlainTiff({ depth, space }: Metadata): boolean {
  return depth === 'uchar' && (space === 'b-w' || space === 'srgb' || space === 'cmyk');
}

function describe(metadata: Metadata, format: ImageKind): About {
  const { hasAlpha, space, isPalette, pages = 1, orientation, hasProfile, bitsPerSample } = metadata;
  const colour = isPalette ? 'palette' : space === 'cmyk' ? 'CMYK' : /grey|b-w/.test(space) ? 'grey' : 'RGB';
  return {
    format,
    photometric: hasAlpha ? `${colour} with alpha, which is dropped` : colour,
    bits: isPalette ? 8 : bitsPerSample,
    orientation,
    details: {
      ...(pages > 1 ? { pages } : {}),
      ...(hasProfile ? { 'colour profile': 'ignored' } : {}),
    },
  };
}

interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

async function readRgb(image: Sharp, metadata: Metadata): Promise<Pixels> {
  const opaque = metadata.hasAlpha ? image.removeAlpha() : image;
  const { data, info } = await opaque.toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  const pixels = new Uint8Array(data.buffer, data.byteOffset, data.length);
  return { width: info.width, height: info.height, pixels: info.channels === 1 ? repeatGrey(pixels) : pixels };
}

/** Reads samples of 16 bits. */
async function readDeep(image: Sharp, { hasAlpha, space }: Metadata) {
  const opaque = hasAlpha ? image.removeAlpha() : image;
  const { data, info } = await opaque
    .toColourspace(space)
    .raw({ depth: 'ushort' })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const values = new Uint16Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.length));
  return { width, height, channels, values, bits: 16, isFloat: false };
}

function repeatGrey(grey: Uint8Array): Uint8Array {
  const pixels = new Uint8Array(grey.length * 3);
  for (let i = 0; i < grey.length; i++) pixels.fill(grey[i]!, i * 3, i * 3 + 3);
  return pixels;
}

/** Reads CMYK without sharp's own conversion, which uses a printer's profile. */
async function readCmyk(image: Sharp): Promise<Pixels> {
  const { data, info } = await image
    .pipelineColourspace('cmyk')
    .toColourspace('cmyk')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, pixels: cmykToRgb(data, info.channels) };
}

/**
 * Encodes pixels as a PNG file.
 *
 * pixels   [height, width, 3] or [height, width, 4]
 * returns  the bytes of a PNG file
 */
export async function encodePng(image: RasterImage): Promise<Uint8Array> {
  const sharp = await loadSharp();
  const { width, height, pixels } = image;
  const channels = pixels.length === width * height * 4 ? 4 : 3;
  if (pixels.length !== width * height * channels) {
    throw new InputError(`png: ${width} x ${height} pixels need 3 or 4 bytes each, got ${pixels.length} bytes`);
  }
  const buffer = await sharp(pixels, { raw: { width, height, channels } }).png().toBuffer();
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
