import { isDicom } from '../dicom/detect.ts';
import { InputError, messageOf } from '../errors/index.ts';
import { imageOfPixels } from '../images/finish.ts';
import { imageKind, isNetpbm } from '../images/kinds.ts';
import { hasDeepSamples } from '../images/png.ts';
import type { DecodedImage, DecodeOptions, RasterImage } from './types.ts';

/**
 * Decodes any image that the browser supports, and DICOM, TIFF, Netpbm and 16-bit PNG, to RGB.
 *
 * returns  [height, width, 3], 0..255
 *
 * Converts no colours, drops alpha without blending, scales samples of more than 8 bits by `scaleSamples`, and applies
 * the EXIF orientation. PNG is exact. JPEG equals Node's result where the browser also uses libjpeg-turbo, as Chromium
 * does; elsewhere it may differ by a few steps of 255.
 *
 * @throws InputError  the bytes are not an image, are cut short, or are of an unsupported kind
 */
export async function decodeImage(
  bytes: Uint8Array,
  name: string,
  { frame = 1 }: DecodeOptions = {},
): Promise<DecodedImage> {
  if (isDicom(bytes)) {
    const { dicomHost, readDicom } = await import('./browser_dicom.ts');
    return readDicom(bytes, name, { frame, host: dicomHost(jpeg => decodeImage(jpeg, name)) });
  }
  try {
    return (await decodeSamples(bytes, name, frame)) ?? (await decodeBitmap(bytes, name));
  } catch (error) {
    if (error instanceof InputError) throw error;
    const { describeNonImage } = await import('../images/errors.ts');
    throw new InputError(describeNonImage(bytes, name, messageOf(error)), { cause: error });
  }
}

/** Decodes what browsers do not decode, or would round to 8 bits. The decoders load when they are first needed. */
async function decodeSamples(bytes: Uint8Array, name: string, frame: number): Promise<DecodedImage | undefined> {
  const format = imageKind(bytes);
  const isDeep = format === 'PNG' && hasDeepSamples(bytes);
  if (format !== 'TIFF' && !isNetpbm(format) && !isDeep) return undefined;
  const { decodeDeepPng, decodeNetpbm, decodeTiff } = await import('../images/decode.ts');
  if (format === 'TIFF') return decodeTiff(bytes, name, frame);
  return isNetpbm(format) ? decodeNetpbm(bytes, name, format) : decodeDeepPng(bytes, name);
}

async function decodeBitmap(bytes: Uint8Array, name: string): Promise<DecodedImage> {
  const bitmap = await createImageBitmap(new Blob([bytes as BlobPart]), {
    colorSpaceConversion: 'none',
    premultiplyAlpha: 'none',
    imageOrientation: 'from-image',
  });
  try {
    const { width, height } = bitmap;
    const rgba = readOpaque(bitmap) ?? readUnblended(bitmap, name);
    const format = imageKind(bytes) ?? 'unknown';
    return imageOfPixels({ width, height, pixels: dropAlpha(rgba) }, { format, photometric: 'RGB' });
  } finally {
    bitmap.close();
  }
}

/** Reads an opaque image. A 2-D canvas premultiplies colours by alpha, so it loses colours where alpha is low. */
function readOpaque(bitmap: ImageBitmap): Uint8ClampedArray | undefined {
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d', { willReadFrequently: true });
  if (context === null) return undefined;
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return undefined;
  return data;
}

function readUnblended(bitmap: ImageBitmap, name: string): Uint8Array {
  const { width, height } = bitmap;
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
  if (gl === null) {
    throw new InputError(
      `${name}: has transparency, which this browser cannot read without WebGL. Save it without transparency`,
    );
  }
  gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
  gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  const rgba = new Uint8Array(width * height * 4);
  gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, rgba);
  return rgba;
}

function dropAlpha(rgba: Uint8Array | Uint8ClampedArray): Uint8Array {
  const pixels = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    pixels[to++] = rgba[from]!;
    pixels[to++] = rgba[from + 1]!;
    pixels[to++] = rgba[from + 2]!;
  }
  return pixels;
}

/**
 * Encodes pixels as a PNG file.
 *
 * pixels   [height, width, 3] or [height, width, 4]
 * returns  the bytes of a PNG file
 *
 * Exact for opaque pixels; the canvas rounds colours of transparent ones.
 */
export async function encodePng(image: RasterImage): Promise<Uint8Array> {
  const { width, height, pixels } = image;
  const channels = pixels.length / (width * height);
  if (channels !== 3 && channels !== 4) {
    throw new InputError(`png: ${width} x ${height} pixels need 3 or 4 bytes each, got ${pixels.length} bytes`);
  }
  const canvas = new OffscreenCanvas(width, height);
  const picture = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) picture.data[i * 4 + c] = pixels[i * channels + c]!;
    picture.data[i * 4 + 3] = channels === 4 ? pixels[i * 4 + 3]! : 255;
  }
  canvas.getContext('2d')!.putImageData(picture, 0, 0);
  const blob = await canvas.convertToBlob({ type: 'image/png' });
  return new Uint8Array(await blob.arrayBuffer());
}
