import type { Metadata, Sharp } from 'sharp';
import { InputError } from '../errors/index.ts';
import { describeNonImage } from './image_errors.ts';
import type { DecodedImage, RasterImage } from './types.ts';

/** Larger images are refused: 100 megapixels decode to 300 MB, and no X-ray detector has that many. */
const MAX_IMAGE_PIXELS = 100e6;

/** Above this size, an image with too many pixels per byte is a decompression bomb; X-rays have at most 30 per byte. */
const UNSUSPICIOUS_PIXELS = 8e6;
const MAX_PIXELS_PER_BYTE = 200;

const RASTER_FORMATS = new Set(['jpeg', 'png', 'webp', 'gif', 'tiff', 'heif']);

/** libvips' names for the loaders of those formats. */
const LOADERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Tiff', 'Heif'];

type SharpModule = typeof import('sharp')['default'];
let loading: Promise<SharpModule> | undefined;

/**
 * Loads sharp at the first image, so that other commands start faster. The cache is off to bound memory in large
 * folders.
 */
async function loadSharp(): Promise<SharpModule> {
  loading ??= import('sharp').then(module => {
    module.default.cache(false);
    // Loaders that render documents (SVG, PDF, …) never run, whatever a file's first bytes say.
    module.default.block({ operation: ['VipsForeignLoad'] });
    module.default.unblock({ operation: LOADERS.map(name => `VipsForeignLoad${name}`) });
    return module.default;
  });
  return loading;
}

/**
 * Decodes JPEG, PNG, WebP, GIF (first frame), TIFF (first page) or AVIF to RGB.
 *
 * returns  [height, width, 3], 0..255
 *
 * Keeps the stored colours: it ignores ICC profiles, drops alpha without blending, cuts 16 bits to 8 by `>> 8`,
 * converts CMYK to RGB as PIL does, and applies the EXIF orientation. JPEG pixels equal libjpeg-turbo's, hence PIL's.
 *
 * @throws InputError  the bytes are not an image, are cut short, or the image is too large
 */
export async function decodeImage(bytes: Uint8Array, name: string): Promise<DecodedImage> {
  const sharp = await loadSharp();
  const open = () =>
    sharp(bytes, { failOn: 'error', limitInputPixels: MAX_IMAGE_PIXELS, ignoreIcc: true, autoOrient: true });
  try {
    const metadata = await open().metadata();
    if (!RASTER_FORMATS.has(metadata.format)) throw new Error(`${metadata.format} is not a raster image`);
    checkPixelsPerByte(metadata, bytes.length);
    return metadata.space === 'cmyk' ? await readCmyk(open()) : await readRgb(open(), metadata);
  } catch (error) {
    throw new InputError(describeNonImage(bytes, name, (error as Error).message), { cause: error });
  }
}

function checkPixelsPerByte({ width, height }: Metadata, sizeBytes: number): void {
  const pixels = width * height;
  if (pixels <= UNSUSPICIOUS_PIXELS || pixels <= sizeBytes * MAX_PIXELS_PER_BYTE) return;
  throw new Error(`${width} x ${height} pixels in ${sizeBytes} bytes are too many for a photograph`);
}

async function readRgb(image: Sharp, metadata: Metadata): Promise<DecodedImage> {
  const opaque = metadata.hasAlpha ? image.removeAlpha() : image;
  const { data, info } = await opaque.toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  const pixels = new Uint8Array(data.buffer, data.byteOffset, data.length);
  return { width: info.width, height: info.height, pixels: info.channels === 1 ? repeatGrey(pixels) : pixels };
}

function repeatGrey(grey: Uint8Array): Uint8Array {
  const pixels = new Uint8Array(grey.length * 3);
  for (let i = 0; i < grey.length; i++) pixels.fill(grey[i]!, i * 3, i * 3 + 3);
  return pixels;
}

/** Converts as PIL does: `255 - k - c * (255 - k) / 255`. sharp's own conversion uses a printer's profile. */
async function readCmyk(image: Sharp): Promise<DecodedImage> {
  const { data, info } = await image
    .pipelineColourspace('cmyk')
    .toColourspace('cmyk')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const pixels = new Uint8Array(info.width * info.height * 3);
  for (let i = 0; i < info.width * info.height; i++) {
    const white = 255 - data[i * info.channels + 3]!;
    for (let c = 0; c < 3; c++) {
      pixels[i * 3 + c] = white - Math.round((data[i * info.channels + c]! * white) / 255);
    }
  }
  return { width: info.width, height: info.height, pixels };
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
