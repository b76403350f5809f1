import { grayscale } from '../../kernels/grayscale.ts';
import { caseTable, type InputSpec } from '../case_table.ts';
import { grayscale as reference } from '../reference/grayscale.ts';

const options = {};

function pixels(...shape: number[]): Record<string, InputSpec> {
  return { x: { shape, fill: (_, random) => Math.floor(256 * random()) } };
}

export default caseTable<Record<string, never>>({
  kernel: grayscale,
  reference,
  exact: true,
  cases: [
    { why: 'a photo', inputs: pixels(3, 224, 224), options },
    { why: 'grey stays as it is', inputs: { x: { shape: [3, 16, 16], fill: i => i % 256 } }, options },
    { why: 'one pixel', inputs: pixels(3, 1, 1), options },
    { why: 'one pixel short of a workgroup', inputs: pixels(3, 7, 9), options },
    { why: 'exactly one workgroup', inputs: pixels(3, 8, 8), options },
    { why: 'one pixel over a workgroup', inputs: pixels(3, 5, 13), options },
    { why: 'x is not 3-D', inputs: pixels(1, 3, 8, 8), options, error: 'grayscale: x must be 3-D, got [1, 3, 8, 8]' },
    {
      why: 'x is grey already',
      inputs: pixels(1, 8, 8),
      options,
      error: 'grayscale: x must have 3 channels, got 1 (x [1, 8, 8])',
    },
  ],
});
