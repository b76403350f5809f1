/** Tests what the reader says of files that it does not read, and that it never repeats text of a file. */
import { describe, expect, it } from 'vitest';
import { decodeImage } from '#platform';
import { dicomFile, type Element, losslessJpeg, rleFrame, SYNTAX, type Written } from './build.ts';

const PIXELS = Uint8Array.from({ length: 8 }, (_, i) => i * 30);
const rejection = async (file: Uint8Array) =>
  decodeImage(file, 'x.dcm').then(
    () => 'read',
    error => error.message,
  );

describe('a DICOM file is refused in one sentence', () => {
  const convert = 'Convert it, for example with dcmdjpeg or gdcmconv --raw';
  const cases: [string, Written, string][] = [
    [
      'a report',
      { elements: [[0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.88.11']] },
      'is a DICOM file without an image (a structured report). Choose an image',
    ],
    [
      'a PDF',
      { elements: [[0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.104.1']] },
      'is a DICOM file without an image (an encapsulated PDF). Choose an image',
    ],
    ['no pixels', {}, 'is a DICOM file without an image (it has no pixel data). Choose an image'],
    [
      'MPEG',
      { syntax: '1.2.840.10008.1.2.4.102', pixels: [PIXELS] },
      `is a DICOM file whose pixels are compressed as MPEG video, which Raycam does not read. ${convert}`,
    ],
    [
      'HTJ2K',
      { syntax: '1.2.840.10008.1.2.4.201', pixels: [PIXELS] },
      `is a DICOM file whose pixels are compressed as high-throughput JPEG 2000, which Raycam does not read. ${convert}`,
    ],
    [
      'JPIP',
      { syntax: '1.2.840.10008.1.2.4.94', pixels: [PIXELS] },
      `is a DICOM file whose pixels are compressed as JPIP, which Raycam does not read. ${convert}`,
    ],
    [
      'JPEG XL',
      { syntax: '1.2.840.10008.1.2.4.110', pixels: [PIXELS] },
      `is a DICOM file whose pixels are compressed as JPEG XL, which Raycam does not read. ${convert}`,
    ],
    [
      'an unknown syntax',
      { syntax: '1.2.3.4', pixels: [PIXELS] },
      `is a DICOM file whose pixels are compressed as an unknown transfer syntax, which Raycam does not read. ${convert}`,
    ],
    [
      'another photometric kind',
      { photometric: 'HSV', samples: 3, pixels: PIXELS },
      'is a DICOM file whose samples are HSV, which Raycam does not read. Export it as grey values',
    ],
    [
      'too many pixels',
      { rows: 20000, columns: 20000, pixels: PIXELS },
      'has more than 100 megapixels. Scale it down first',
    ],
    ['no size', { rows: 0, pixels: PIXELS }, 'is damaged (4 x 0 pixels). Download or copy it again'],
    [
      'bits that do not fit',
      { bits: [8, 12], pixels: PIXELS },
      'is damaged (12 bits stored up to bit 11 of 8). Download or copy it again',
    ],
    [
      '24 bits',
      { bits: [24, 24], pixels: PIXELS },
      'is a DICOM file with 24 bits allocated per sample, which Raycam does not read. Export it with 8 or 16',
    ],
    [
      'too few bytes',
      { rows: 3, pixels: PIXELS },
      'is damaged or ends early (the frame has 8 of 12 bytes). Download or copy it again',
    ],
    [
      '12-bit JPEG',
      {
        syntax: SYNTAX.extended,
        pixels: [
          Uint8Array.of(
            0xff,
            0xd8,
            0xff,
            0xc1,
            0,
            11,
            12,
            0,
            2,
            0,
            4,
            1,
            1,
            0x11,
            0,
            0xff,
            0xda,
            0,
            8,
            1,
            1,
            0,
            0,
            63,
            0,
          ),
        ],
      },
      `is a DICOM file of a kind that Raycam does not read (JPEG of 12 bits per sample). ${convert}`,
    ],
    [
      'a segmented palette',
      { photometric: 'PALETTE COLOR', pixels: PIXELS, elements: [[0x00281221, 'OW', [0, 1]]] },
      `is a DICOM file of a kind that Raycam does not read (a segmented palette). ${convert}`,
    ],
    [
      'no palette',
      { photometric: 'PALETTE COLOR', pixels: PIXELS },
      'is damaged or ends early (its palette is missing or cut short). Download or copy it again',
    ],
    [
      'a codestream of another size',
      { syntax: SYNTAX.lossless, pixels: [losslessJpeg(new Uint8Array(100), { width: 10, height: 10, bits: 8 })] },
      'is damaged or ends early (its compressed pixels are 10 x 10 x 1, and its header says 4 x 2 x 1). Download or copy it again',
    ],
    [
      'a codestream cut short',
      {
        rows: 10,
        columns: 10,
        syntax: SYNTAX.lossless,
        pixels: [
          losslessJpeg(
            Uint8Array.from({ length: 100 }, (_, i) => (i * 77) % 256),
            { width: 10, height: 10, bits: 8 },
          ).slice(0, 80),
        ],
      },
      'is damaged or ends early (its compressed pixels cannot be decoded). Download or copy it again',
    ],
    [
      'an RLE segment cut short',
      { syntax: SYNTAX.rle, pixels: [rleFrame([PIXELS.subarray(0, 5)])] },
      'is damaged or ends early (an RLE segment has 5 of 8 bytes). Download or copy it again',
    ],
    [
      'RLE for hostile sizes',
      { rows: 9000, columns: 9000, syntax: SYNTAX.rle, pixels: [rleFrame([PIXELS])] },
      'is damaged or ends early (90 bytes are too few for 9000 x 9000 pixels). Download or copy it again',
    ],
  ];

  it.each(cases)('%s', async (_, written, expected) => {
    const message = await rejection(dicomFile(written));
    expect(message.replace(/\b\d+ bytes are/, '90 bytes are')).toBe(`x.dcm: ${expected}`);
  });

  it('wherever it is cut short', async () => {
    const file = dicomFile({ pixels: PIXELS, elements: [[0x00281050, 'DS', '100']] });
    for (let length = 140; length < file.length; length++) {
      expect(await rejection(file.slice(0, length))).toMatch(/^x\.dcm: is (damaged|a DICOM file without an image)/);
    }
    expect(await rejection(file)).toBe('read');
  });
});

describe('notes', () => {
  const notesOf = async (written: Written) =>
    (await decodeImage(dicomFile({ pixels: PIXELS, ...written }), 'x.dcm')).notes;
  const cases: [string, Written, string][] = [
    ['another modality', { modality: 'CT' }, 'is not a plain X-ray (modality: computed tomography)'],
    ['an unknown modality', { modality: 'SECRET' }, 'is not a plain X-ray (modality: another one)'],
    [
      'pixels that are not square',
      { elements: [[0x00280030, 'DS', '0.2\\0.1']] },
      'has pixels that are not square (2 times as high as wide), which is ignored',
    ],
    [
      'an aspect ratio',
      { elements: [[0x00280034, 'IS', '4\\3']] },
      'has pixels that are not square (1.333 times as high as wide), which is ignored',
    ],
    ['loss', { elements: [[0x00282110, 'CS', '01']] }, 'was compressed with loss'],
    [
      'burnt-in text',
      { elements: [[0x00280301, 'CS', 'YES']] },
      'has annotations burnt into its pixels, which may include names',
    ],
  ];
  it.each(cases)('name %s', async (_, written, note) => {
    expect(await notesOf(written)).toEqual([note]);
  });

  it('are absent for a plain chest X-ray', async () => {
    expect(await notesOf({})).toBeUndefined();
  });
});

describe('a patient', () => {
  const SECRETS = ['Zebedee', 'PID4711', '19500101', '1.2.826.0.1.99', 'Hospital Q', 'Dr Secret', 'ACC0815'];
  const identity: Element[] = [
    [0x00080018, 'UI', '1.2.826.0.1.99'],
    [0x00080020, 'DA', '19500101'],
    [0x00080050, 'SH', 'ACC0815'],
    [0x00080080, 'LO', 'Hospital Q'],
    [0x00080090, 'PN', 'Dr Secret'],
    [0x00100010, 'PN', 'Zebedee^Z'],
    [0x00100020, 'LO', 'PID4711'],
    [0x00100030, 'DA', '19500101'],
    [0x0020000d, 'UI', '1.2.826.0.1.99.2'],
  ];
  /** Everything of an error that a log could contain. */
  const textOf = (value: unknown): string => {
    if (!(value instanceof Error)) return JSON.stringify(value) ?? String(value);
    return `${value.message} ${value.stack} ${textOf(value.cause ?? '')} ${JSON.stringify(value)}`;
  };

  it.each<[string, Written]>([
    ['a readable file', { pixels: PIXELS }],
    ['a file whose codes are names', { pixels: PIXELS, modality: 'Zebedee' }],
    ['an unknown photometric kind', { pixels: PIXELS, photometric: 'Zebedee' }],
    ['an unknown transfer syntax', { pixels: [PIXELS], syntax: '1.2.826.0.1.99' }],
    ['a file without pixels', {}],
    ['too few pixels', { pixels: PIXELS, rows: 100 }],
    [
      'a window that is a name',
      {
        pixels: PIXELS,
        elements: [
          [0x00281050, 'DS', 'Zebedee'],
          [0x00281051, 'DS', 'PID4711'],
        ],
      },
    ],
  ])('is not named by the result or the error of %s', async (_, written) => {
    const file = dicomFile({ ...written, elements: [...identity, ...(written.elements ?? [])] });
    for (const bytes of [file, file.slice(0, 300), file.slice(0, 420)]) {
      const result = await decodeImage(bytes, 'x.dcm').then(
        ({ description, notes }) => ({ description, notes }),
        error => error,
      );
      const text = textOf(result);
      for (const secret of SECRETS) expect(text.toLowerCase()).not.toContain(secret.toLowerCase());
    }
  });
});
