/** Writers of image files, for the tests. */

/** One TIFF tag: its number, its type (3 short, 4 long), and its values. */
type Tag = readonly [number, 3 | 4, readonly number[]];

export interface TiffOptions {
  readonly width: number;
  readonly height: number;
  /** The samples' bytes, in the file's byte order. */
  readonly data: Uint8Array;
  readonly bits: number;
  /** 1 unsigned, 2 signed, 3 floating-point. */
  readonly format?: 1 | 2 | 3;
  /** PhotometricInterpretation. */
  readonly photometric?: number;
  readonly samples?: number;
  readonly compression?: number;
  readonly bigEndian?: boolean;
  readonly extra?: readonly Tag[];
}

/** Returns a TIFF file of one strip. Source: TIFF 6.0 */
export function tiff(options: TiffOptions): Uint8Array {
  const { width, height, data, bits, format = 1, photometric = 1, samples = 1, compression = 1 } = options;
  const { bigEndian = false, extra = [] } = options;
  const perSample = (value: number) => Array<number>(samples).fill(value);
  const tags: Tag[] = [
    [256, 4, [width]],
    [257, 4, [height]],
    [258, 3, perSample(bits)],
    [259, 3, [compression]],
    [262, 3, [photometric]],
    [273, 4, [0]],
    [277, 3, [samples]],
    [278, 4, [height]],
    [279, 4, [data.length]],
    [339, 3, perSample(format)],
    ...extra,
  ];
  tags.sort(([a], [b]) => a - b);
  const sizeOf = ([, type, values]: Tag) => values.length * (type === 3 ? 2 : 4);
  let next = 8 + 2 + 12 * tags.length + 4;
  const places = tags.map(tag => {
    if (sizeOf(tag) <= 4) return undefined;
    const place = next;
    next += sizeOf(tag) + (sizeOf(tag) & 1);
    return place;
  });
  const file = new Uint8Array(next + data.length);
  const view = new DataView(file.buffer);
  const order = !bigEndian;
  file.set(new TextEncoder().encode(bigEndian ? 'MM' : 'II'));
  view.setUint16(2, 42, order);
  view.setUint32(4, 8, order);
  view.setUint16(8, tags.length, order);
  tags.forEach(([id, type, values], i) => {
    const entry = 10 + 12 * i;
    view.setUint16(entry, id, order);
    view.setUint16(entry + 2, type, order);
    view.setUint32(entry + 4, values.length, order);
    const place = places[i];
    if (place !== undefined) view.setUint32(entry + 8, place, order);
    (id === 273 ? [next] : values).forEach((value, k) => {
      if (type === 3) view.setUint16((place ?? entry + 8) + 2 * k, value, order);
      else view.setUint32((place ?? entry + 8) + 4 * k, value, order);
    });
  });
  file.set(data, next);
  return file;
}

/** Returns a bitmap file. `data` are the rows from the bottom up, each a multiple of four bytes. */
export function bmp(options: {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly data: Uint8Array;
  readonly palette?: readonly (readonly [red: number, green: number, blue: number])[];
  readonly compression?: number;
}): Uint8Array {
  const { width, height, bits, data, palette = [], compression = 0 } = options;
  const begin = 54 + 4 * palette.length;
  const file = new Uint8Array(begin + data.length);
  const view = new DataView(file.buffer);
  file.set([0x42, 0x4d]);
  view.setUint32(2, file.length, true);
  view.setUint32(10, begin, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, width, true);
  view.setInt32(22, height, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, bits, true);
  view.setUint32(30, compression, true);
  view.setUint32(34, data.length, true);
  view.setUint32(46, palette.length, true);
  palette.forEach(([red, green, blue], i) => {
    file.set([blue, green, red, 0], 54 + 4 * i);
  });
  file.set(data, begin);
  return file;
}

/** The bytes of numbers, in this machine's byte order (little-endian). */
export function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

export function text(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}
