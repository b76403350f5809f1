import { type UnpackRgbOptions, unpackRgb } from '../../kernels/unpack_rgb.ts';
import { type Case, caseTable } from '../case_table.ts';
import { unpackRgb as reference } from '../reference/unpack_rgb.ts';

/** Words whose bytes count up and wrap at a prime, so that no two neighbours are alike. */
function image(why: string, height: number, width: number): Case<UnpackRgbOptions> {
  const words = Array.from({ length: Math.ceil((3 * height * width) / 4) }, (_, i) =>
    [0, 1, 2, 3].reduce((word, byte) => word + (((4 * i + byte) * 37) % 251) * 256 ** byte, 0),
  );
  return { why, inputs: { x: { shape: [words.length], words } }, options: { height, width } };
}

export default caseTable<UnpackRgbOptions>({
  kernel: unpackRgb,
  reference,
  exact: true,
  cases: [
    image('224 x 224', 224, 224),
    image('one pixel: a word with padding', 1, 1),
    image('two pixels', 1, 2),
    image('three pixels', 3, 1),
    image('four pixels: three whole words', 2, 2),
    image('five pixels', 1, 5),
    image('not square, odd', 7, 13),
    image('one run short of a workgroup', 4, 63),
    image('exactly one workgroup', 4, 64),
    image('one pixel over a workgroup', 1, 257),
    {
      why: 'all bytes 255',
      inputs: { x: { shape: [3], words: [0xffffffff, 0xffffffff, 0xffffffff] } },
      options: { height: 2, width: 2 },
    },
    {
      why: 'x is not 1-D',
      inputs: { x: [3, 4] },
      options: { height: 2, width: 2 },
      error: 'unpack_rgb: x must be 1-D, got [3, 4]',
    },
    {
      why: 'an image cut short',
      inputs: { x: [2] },
      options: { height: 2, width: 2 },
      error: 'unpack_rgb: 2 x 2 pixels take 3 words, got 2',
    },
  ],
});
