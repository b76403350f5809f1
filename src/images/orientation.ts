/** Applies the orientation of EXIF and TIFF. */
import type { SampleArray, Samples } from './samples.ts';

/** What each orientation does to the stored image, in words. */
export const ORIENTATIONS: ReadonlyMap<number, string> = new Map([
  [2, 'mirrored left to right'],
  [3, 'rotated by 180°'],
  [4, 'mirrored top to bottom'],
  [5, 'mirrored along the main diagonal'],
  [6, 'rotated by 90° clockwise'],
  [7, 'mirrored along the other diagonal'],
  [8, 'rotated by 90° anticlockwise'],
]);

/** Returns the image as it is meant to be seen. Source: TIFF 6.0, Orientation */
export function orient<T extends Samples>(image: T, orientation: number): T {
  if (!ORIENTATIONS.has(orientation)) return image;
  const { width, height, channels, values } = image;
  const isTurned = orientation >= 5;
  const [newWidth, newHeight] = isTurned ? [height, width] : [width, height];
  const turned = new (values.constructor as new (length: number) => SampleArray)(values.length);
  // In the stored image, x runs backwards for 2, 3, 7 and 8 after the axes are exchanged, and y for 3, 4, 6 and 7.
  const flipX = [2, 3, 7, 8].includes(orientation);
  const flipY = [3, 4, 6, 7].includes(orientation);
  for (let y = 0; y < newHeight; y++) {
    for (let x = 0; x < newWidth; x++) {
      const [column, row] = isTurned ? [y, x] : [x, y];
      const from = ((flipY ? height - 1 - row : row) * width + (flipX ? width - 1 - column : column)) * channels;
      const to = (y * newWidth + x) * channels;
      for (let c = 0; c < channels; c++) turned[to + c] = values[from + c]!;
    }
  }
  return { ...image, width: newWidth, height: newHeight, values: turned };
}
