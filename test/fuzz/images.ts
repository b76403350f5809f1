import sharp from 'sharp';

/** Returns a 12 x 9 image in every supported format, in some of them with several encodings. */
export async function tinyImages(): Promise<Uint8Array[]> {
  const pixels = Uint8Array.from({ length: 12 * 9 * 3 }, (_, i) => (i * 37) ^ (i >> 3));
  const picture = () => sharp(pixels, { raw: { width: 12, height: 9, channels: 3 } });
  return Promise.all(
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
}
