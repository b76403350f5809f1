/**
 * Converts CMYK to RGB as PIL does: `255 - k - c * (255 - k) / 255`. Other converters use a printer's profile.
 *
 * values   [pixels, channels], of which the first four are cyan, magenta, yellow and black, 0..255
 * returns  [pixels, 3], 0..255
 *
 * Source: Pillow, src/libImaging/Convert.c, cmyk2rgb
 */
export function cmykToRgb(values: ArrayLike<number>, channels: number): Uint8Array {
  const count = Math.floor(values.length / channels);
  const pixels = new Uint8Array(3 * count);
  for (let i = 0; i < count; i++) {
    const white = 255 - values[i * channels + 3]!;
    for (let c = 0; c < 3; c++) pixels[i * 3 + c] = white - Math.round((values[i * channels + c]! * white) / 255);
  }
  return pixels;
}
