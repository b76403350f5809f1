import { InputError } from '../errors.ts';
import { describeNonImage } from './image_errors.ts';
import type { DecodedImage, RasterImage } from './types.ts';

/**
 * Any image the browser decodes, to RGB.
 *
 * returns  [height, width, 3], 0..255
 *
 * No colour conversion, alpha dropped and not blended, EXIF orientation applied. PNG is exact; JPEG is equal to Node's
 * where the browser too uses libjpeg-turbo, as Chromium does, and may differ by a few of 255 elsewhere.
 *
 * @throws InputError  not an image, or cut short
 */
export async function decodeImage(bytes: Uint8Array, name: string): Promise<DecodedImage> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(new Blob([bytes as BlobPart]), {
      colorSpaceConversion: 'none',
      premultiplyAlpha: 'none',
      imageOrientation: 'from-image',
    });
  } catch (error) {
    throw new InputError(describeNonImage(bytes, name, (error as Error).message), { cause: error });
  }
  try {
    const rgba = readOpaque(bitmap) ?? readUnblended(bitmap, name);
    return { width: bitmap.width, height: bitmap.height, pixels: dropAlpha(rgba) };
  } finally {
    bitmap.close();
  }
}

/** A 2-D canvas multiplies colours by alpha and loses them where it is low, so it serves opaque images only. */
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
    throw new InputError(`${name}: has transparency, which needs WebGL to read here. Save it without transparency`);
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
 * pixels   [height, width, 3] or [height, width, 4]
 * returns  the bytes of a PNG file
 *
 * Exact where alpha is 255 or there is none; the canvas rounds colours that are see-through.
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
