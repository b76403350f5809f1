import { type UnpackRgbOptions, unpackRgb } from '../../kernels/unpack_rgb.ts';
import { caseTable, type InputSpecs } from '../case_table.ts';
import { unpackRgb as reference } from '../reference/unpack_rgb.ts';

/** Returns an image whose bytes step by 37 and wrap at a prime, so that neighbours always differ. */
function image(height: number, width: number): { readonly inputs: InputSpecs; readonly options: UnpackRgbOptions } {
  const words = Array.from({ length: Math.ceil((3 * height * width) / 4) }, (_, i) =>
    [0, 1, 2, 3].reduce((word, byte) => word + (((4 * i + byte) * 37) % 251) * 256 ** byte, 0),
  );
  return { inputs: { x: { shape: [words.length], words } }, options: { height, width } };
}

export default caseTable<UnpackRgbOptions>({
  kernel: unpackRgb,
  reference,
  exact: true,
  cases: [
    { why: '224 x 224', ...image(224, 224) },
    { why: 'one pixel: a word with padding', ...image(1, 1) },
    { why: 'two pixels', ...image(1, 2) },
    { why: 'three pixels', ...image(3, 1) },
    { why: 'four pixels: three whole words', ...image(2, 2) },
    { why: 'five pixels', ...image(1, 5) },
    { why: 'not square, odd', ...image(7, 13) },
    { why: 'one invocation short of a workgroup', ...image(4, 63) },
    { why: 'exactly one workgroup', ...image(4, 64) },
    { why: 'one pixel over a workgroup', ...image(1, 257) },
    {
      why: 'every byte 255',
      inputs: { x: { shape: [3], words: [0xffffffff, 0xffffffff, 0xffffffff] } },
      options: { height: 2, width: 2 },
    },
    {
      why: 'rejects an x that is not 1-D',
      inputs: { x: [3, 4] },
      options: { height: 2, width: 2 },
      error: 'unpack_rgb: x must be 1-D, got [3, 4]',
    },
    {
      why: 'rejects an image that ends early',
      inputs: { x: [2] },
      options: { height: 2, width: 2 },
      error: 'unpack_rgb: 2 x 2 pixels take 3 words, got 2',
    },
  ],
  perf: [image(224, 224)],
});
