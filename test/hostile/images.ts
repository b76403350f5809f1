import { execFileSync } from 'node:child_process';
import { readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { crc32, deflateSync } from 'node:zlib';
import { ImageLoader } from '../../src/data/loader.ts';
import { dicomFile, SYNTAX } from '../dicom/build.ts';
import { concat } from '../weights/build.ts';
import type { HostileCase } from './case.ts';

const XRAY = fileURLToPath(
  new URL('../../sample/chest_xray/test/PNEUMONIA/person133_bacteria_635.jpeg', import.meta.url),
);

/** Decodes an image as `predict` would. Returns its size. */
async function decode(path: string): Promise<string> {
  const loader = new ImageLoader([path]);
  for await (const { image } of loader) return `${image.width} x ${image.height}`;
  throw new Error(loader.skipped[0]!.reason);
}

function image(name: string, bytes: () => Uint8Array | string, expected: RegExp | { value: unknown }): HostileCase {
  const make = (folder: string) => {
    const path = `${folder}/x.jpeg`;
    writeFileSync(path, bytes());
    return path;
  };
  return { kind: 'images', name, make, use: decode, expected };
}

function place(name: string, make: (folder: string) => string, expected: RegExp): HostileCase {
  return { kind: 'images', name, make, use: decode, expected };
}

function be32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  return concat(be32(data.length), type, data, be32(crc(concat(type, data))));
}

/** CRC-32, from zlib if this version of Node has it. */
function crc(bytes: Uint8Array): number {
  if (typeof crc32 === 'function') return crc32(bytes);
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum;
}

interface Png {
  readonly width: number;
  readonly height: number;
  /** 0 grey, 2 RGB, 3 palette. */
  readonly colour?: number;
  readonly depth?: number;
  readonly extra?: Uint8Array;
  /** Number of rows in the image data. */
  readonly rows?: number;
}

function png({ width, height, colour = 0, depth = 8, extra = new Uint8Array(0), rows = 1 }: Png): Uint8Array {
  const header = concat(be32(width), be32(height), [depth, colour, 0, 0, 0]);
  const row = 1 + Math.ceil((width * depth * (colour === 2 ? 3 : 1)) / 8);
  const data = deflateSync(new Uint8Array(Math.min(row * rows, 200e6)), { level: 9 });
  return concat(
    [0x89],
    'PNG\r\n',
    [0x1a, 0x0a],
    chunk('IHDR', header),
    extra,
    chunk('IDAT', data),
    chunk('IEND', new Uint8Array(0)),
  );
}

/** A DICOM image that claims to be large. */
const HUGE = { rows: 9_000, columns: 9_000, bits: [16, 12] as const, pixels: new Uint16Array(8) };

/** The first segments of a JPEG: the start, and a frame of this size. */
function jpegFrame(width: number, height: number, marker = 0xc0): Uint8Array {
  const size = [height >> 8, height & 255, width >> 8, width & 255];
  return concat(
    [0xff, 0xd8, 0xff, marker, 0, 11, 8, ...size, 1, 1, 0x11, 0, 0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0],
    new Uint8Array(20),
    [0xff, 0xd9],
  );
}

const xray = () => readFileSync(XRAY);

/** The X-ray with another size in its frame header. */
function resizedFrame(width: number, height: number): Uint8Array {
  const bytes = Uint8Array.from(xray());
  const at = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xc0);
  bytes.set([height >> 8, height & 255, width >> 8, width & 255], at + 5);
  return bytes;
}

export const IMAGES: readonly HostileCase[] = [
  image('an X-ray', xray, { value: '224 x 224' }),
  image(
    'PNG: 2147483647 x 2147483647',
    () => png({ width: 0x7fffffff, height: 0x7fffffff, rows: 0 }),
    /damaged|megapixels/,
  ),
  image('PNG: 65535 x 65535', () => png({ width: 65535, height: 65535, rows: 1 }), /more than 100 megapixels/),
  image(
    'PNG: 10000 x 10000 in 12 kB',
    () => png({ width: 10_000, height: 10_000, depth: 1, rows: 10_000 }),
    /10000 x 10000 pixels in \d+ bytes are too many/,
  ),
  image(
    'PNG: 9900 x 9900 in 97 kB',
    () => png({ width: 9900, height: 9900, rows: 9900 }),
    /pixels in \d+ bytes are too many/,
  ),
  image('PNG: 2800 x 2800 of one colour', () => png({ width: 2800, height: 2800, rows: 2800 }), {
    value: '2800 x 2800',
  }),
  image('PNG: 0 x 0', () => png({ width: 0, height: 0, rows: 0 }), /damaged/),
  image('PNG: fewer rows than its header gives', () => png({ width: 2000, height: 2000, rows: 3 }), /damaged/),
  image('PNG: a palette without colours', () => png({ width: 4, height: 4, colour: 3, rows: 4 }), /damaged/),
  image(
    'PNG: a text chunk that inflates to 100 MB',
    () =>
      png({
        width: 4,
        height: 4,
        rows: 4,
        extra: chunk('zTXt', concat('a', [0, 0], deflateSync(new Uint8Array(100e6), { level: 9 }))),
      }),
    { value: '4 x 4' },
  ),
  image(
    'PNG: a colour profile that inflates to 100 MB',
    () =>
      png({
        width: 4,
        height: 4,
        rows: 4,
        extra: chunk('iCCP', concat('a', [0, 0], deflateSync(new Uint8Array(100e6), { level: 9 }))),
      }),
    { value: '4 x 4' },
  ),
  image(
    'PNG: 20,000 texts',
    () =>
      png({
        width: 4,
        height: 4,
        rows: 4,
        extra: concat(...Array.from({ length: 20_000 }, () => chunk('tEXt', concat('a', [0], 'b')))),
      }),
    { value: '4 x 4' },
  ),
  image(
    'PNG: a chunk of 2 GB',
    () => concat(png({ width: 4, height: 4 }).subarray(0, 33), be32(0x7fffffff), 'IDAT'),
    /damaged/,
  ),
  image('PNG: its first 8 bytes', () => png({ width: 4, height: 4 }).subarray(0, 8), /damaged/),
  image('JPEG: 65535 x 65535 in 50 bytes', () => jpegFrame(65535, 65535), /damaged|more than 100 megapixels/),
  image('JPEG: 65500 x 65500 on an X-ray', () => resizedFrame(65500, 65500), /more than 100 megapixels/),
  image('JPEG: 9000 x 9000 on an X-ray', () => resizedFrame(9000, 9000), /damaged/),
  image('JPEG: progressive, 65535 x 65535', () => jpegFrame(65535, 65535, 0xc2), /damaged|more than 100 megapixels/),
  image('JPEG: 0 x 0', () => resizedFrame(0, 0), /damaged/),
  image('JPEG: cut in half', () => xray().subarray(0, xray().length >> 1), /is damaged \(/),
  image('JPEG: without its last 2 bytes', () => xray().subarray(0, -2), /is damaged \(|^224/),
  image(
    'JPEG: a million empty segments',
    () =>
      concat(
        [0xff, 0xd8],
        ...Array.from({ length: 10 }, () => Buffer.concat(Array(100_000).fill(Buffer.from([0xff, 0xfe, 0, 2])))),
        [0xff, 0xd9],
      ),
    /damaged/,
  ),
  image(
    'JPEG: EXIF orientation 9999',
    () =>
      concat(
        [0xff, 0xd8, 0xff, 0xe1, 0, 34],
        'Exif\0\0MM\0*',
        be32(8),
        [0, 1, 1, 0x12, 0, 3],
        be32(1),
        [0x27, 0x0f, 0, 0],
        be32(0),
        [0, 0],
        xray().subarray(2),
      ),
    { value: '224 x 224' },
  ),
  image(
    'GIF: 65535 x 65535',
    () => concat('GIF89a', [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0x3b]),
    /damaged|more than 100 megapixels/,
  ),
  image('TIFF: a directory that points to itself', () => concat('II*\0', [8, 0, 0, 0, 0, 0, 8, 0, 0, 0]), /damaged/),
  image('TIFF: 100,000 x 100,000', () => tiff(100_000, 100_000), /damaged|more than 100 megapixels/),
  image(
    'TIFF of 16 bits: pages in a circle',
    () => tiff(100, 100, { bits: 16, next: 8 }),
    /damaged \(its pages form a circle\)/,
  ),
  image('TIFF of 16 bits: a tag of 2^32 values', () => tiff(100, 100, { bits: 16, values: 2 ** 32 - 1 }), /damaged/),
  image('TIFF of 16 bits: strips outside the file', () => tiff(100, 100, { bits: 16 }), /damaged/),
  image(
    'TIFF of 16 bits: 9,000 x 9,000',
    () => tiff(9_000, 9_000, { bits: 16 }),
    /damaged \(9000 x 9000 pixels in \d+ bytes/,
  ),
  image(
    'TIFF of 16 bits: a tile of 60,000 x 60,000',
    () => tiff(100, 100, { bits: 16, tile: 60_000 }),
    /is too large|damaged/,
  ),
  image('TIFF: strips outside the file', () => tiff(100, 100), /damaged/),
  image(
    'WebP: 16383 x 16383 in 30 bytes',
    () => concat('RIFF', [22, 0, 0, 0], 'WEBPVP8L', [10, 0, 0, 0, 0x2f, 0xfe, 0xff, 0xff, 0x0f, 0, 0, 0, 0, 0]),
    /damaged|more than 100 megapixels/,
  ),
  image('AVIF: its first box', () => concat(be32(24), 'ftypavif', be32(0), 'avifmif1'), /damaged/),
  image(
    'SVG: a link to a system file',
    () => '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/passwd"/></svg>',
    /is an SVG drawing, which Raycam does not decode/,
  ),
  image(
    'SVG: a billion laughs',
    () =>
      `<!DOCTYPE svg [<!ENTITY a "${'x'.repeat(1000)}"><!ENTITY b "${'&a;'.repeat(1000)}"><!ENTITY c "${'&b;'.repeat(1000)}">]><svg xmlns="http://www.w3.org/2000/svg"><text>&c;</text></svg>`,
    /is an SVG drawing, which Raycam does not decode/,
  ),
  image('PDF', () => '%PDF-1.7\n', /is a PDF document, which Raycam does not decode/),
  image(
    'DICOM',
    () => concat(new Uint8Array(128), 'DICM', new Uint8Array(100)),
    /is damaged \(its header is not one of DICOM\)/,
  ),
  image(
    'DICOM: 65,535 x 65,535',
    () => dicomFile({ ...HUGE, rows: 65_535, columns: 65_535 }),
    /more than 100 megapixels/,
  ),
  image(
    'DICOM: 9,000 x 9,000 without pixels',
    () => dicomFile({ ...HUGE }),
    /ends early \(the frame has \d+ of \d+ bytes\)/,
  ),
  image(
    'DICOM: RLE of 9,000 x 9,000 in a few bytes',
    () => dicomFile({ ...HUGE, syntax: SYNTAX.rle, pixels: [new Uint8Array(128)] }),
    /ends early \(128 bytes are too few for 9000 x 9000 pixels\)/,
  ),
  image(
    'DICOM: deflated zeros',
    () => dicomFile({ ...HUGE, syntax: SYNTAX.deflated, pixels: new Uint16Array(1_000_000) }),
    /ends early/,
  ),
  image('an empty file', () => '', /is empty\. Download or copy it again/),
  image('text', () => 'hello', /not an image that can be decoded/),
  place('a JPEG of 2 GB', folder => sparse(folder, 2 * 2 ** 30), /is too large \(2147 MB; the limit is 64 MB\)/),
  place('a folder named x.jpeg', folder => folder, /is a folder/),
  place('a pipe that nobody writes to', folder => pipe(folder), /is empty\. Download or copy it again/),
  place('a link to /dev/zero', folder => link('/dev/zero', folder), /is a pipe, a socket or a device/),
  place('a link to itself', folder => link(`${folder}/x.jpeg`, folder), /its symbolic links form a loop/),
  place('a link to nothing', folder => link(`${folder}/none`, folder), /does not exist/),
];

interface Tiff {
  readonly bits?: number;
  /** Number of values that the first tag claims to have. */
  readonly values?: number;
  /** Position of the next page. */
  readonly next?: number;
  /** Width and height of a tile. */
  readonly tile?: number;
}

/** A grey little-endian TIFF whose only strip is far past the end of the file. */
function tiff(width: number, height: number, { bits = 8, values = 1, next = 0, tile }: Tiff = {}): Uint8Array {
  const entries = [
    [256, width],
    [257, height],
    [258, bits],
    [259, 1],
    [262, 1],
    [273, 1_000_000],
    [277, 1],
    [278, height],
    [279, width * height],
    ...(tile === undefined
      ? []
      : [
          [322, tile],
          [323, tile],
          [324, 8],
          [325, 8],
        ]),
  ];
  const directory = Buffer.alloc(2 + 12 * entries.length + 4);
  directory.writeUInt16LE(entries.length);
  entries.forEach(([tag, value], i) => {
    directory.writeUInt16LE(tag!, 2 + 12 * i);
    directory.writeUInt16LE(4, 4 + 12 * i);
    directory.writeUInt32LE(i === 0 ? values : 1, 6 + 12 * i);
    directory.writeUInt32LE(value! >>> 0, 10 + 12 * i);
  });
  directory.writeUInt32LE(next, directory.length - 4);
  return concat('II*\0', [8, 0, 0, 0], directory);
}

function sparse(folder: string, sizeBytes: number): string {
  writeFileSync(`${folder}/x.jpeg`, xray());
  truncateSync(`${folder}/x.jpeg`, sizeBytes);
  return `${folder}/x.jpeg`;
}

function pipe(folder: string): string {
  execFileSync('mkfifo', [`${folder}/x.jpeg`]);
  return `${folder}/x.jpeg`;
}

function link(target: string, folder: string): string {
  symlinkSync(target, `${folder}/x.jpeg`);
  return `${folder}/x.jpeg`;
}
