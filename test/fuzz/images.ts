import sharp from 'sharp';
import { bmp, bytesOf, text, tiff } from '../images/files.ts';

/** Returns a 12 x 9 image in every supported format, in some of them with several encodings. */
export async function tinyImages(): Promise<Uint8Array[]> {
  const pixels = Uint8Array.from({ length: 12 * 9 * 3 }, (_, i) => (i * 37) ^ (i >> 3));
  const picture = () => sharp(pixels, { raw: { width: 12, height: 9, channels: 3 } });
  const encoded = await Promise.all(
    [
      picture().jpeg(),
      picture().jpeg({ progressive: true }),
      picture().greyscale().jpeg({ quality: 40 }).withMetadata({ orientation: 6 }),
      picture().png(),
      picture().png({ palette: true }),
      picture().toColourspace('rgb16').png(),
      picture().gif(),
      picture().webp(),
      picture().webp({ lossless: true }),
      picture().tiff({ compression: 'none' }),
      picture().tiff({ compression: 'lzw' }),
      picture().avif(),
    ].map(image => image.toBuffer()),
  );
  return [...encoded, ...deepImages()];
}

/** Formats that sharp does not write. */
function deepImages(): Uint8Array[] {
  const [width, height] = [12, 9];
  const values = Uint16Array.from({ length: width * height }, (_, i) => i * 37);
  const grey = Uint8Array.from(values, value => value & 255);
  return [
    tiff({ width, height, bits: 16, data: bytesOf(values) }),
    tiff({ width, height, bits: 16, data: bytesOf(values), bigEndian: true, extra: [[274, 3, [6]]] }),
    tiff({ width, height, bits: 32, format: 3, data: bytesOf(Float32Array.from(values, value => value / 4096)) }),
    tiff({ width, height, bits: 32, format: 2, data: bytesOf(Int32Array.from(values)), photometric: 0 }),
    bmp({ width, height, bits: 24, data: new Uint8Array(width * height * 3) }),
    bmp({ width, height, bits: 8, data: grey, palette: Array.from({ length: 256 }, (_, i) => [i, i, i] as const) }),
    Uint8Array.from([...text(`P5\n${width} ${height}\n4095\n`), ...bytesOf(values)]),
    Uint8Array.from([...text(`P4 ${width} ${height}\n`), ...grey]),
    text(`P2 # a comment\n${width} ${height} 255\n${[...grey].join(' ')}\n`),
    text(`P1 ${width} ${height}\n${[...grey].map(value => value & 1).join('')}\n`),
  ];
}
