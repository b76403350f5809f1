import { type BatchNormOptions, batchNorm } from '../../kernels/batch_norm.ts';
import { caseTable, type InputSpecs } from '../case_table.ts';
import { batchNorm as reference } from '../reference/batch_norm.ts';

const options: BatchNormOptions = { eps: 1e-5 };

/** Returns noise, and variances as a trained network has them, by channel. */
function inputs(x: readonly number[], variance: (channel: number) => number = c => 0.1 + (c % 5)): InputSpecs {
  const shape = [x[1]!];
  return { x, weight: shape, bias: shape, running_mean: shape, running_var: { shape, fill: variance } };
}

export default caseTable<BatchNormOptions>({
  kernel: batchNorm,
  reference,
  cases: [
    { why: "ResNet's stem", inputs: inputs([1, 64, 112, 112]), options },
    { why: 'layer3, a plane of 196', inputs: inputs([1, 256, 14, 14]), options },
    { why: 'layer4, a plane of 49', inputs: inputs([1, 2048, 7, 7]), options },
    { why: 'a batch of two', inputs: inputs([2, 3, 9, 9]), options },
    { why: 'one pixel', inputs: inputs([1, 1, 1, 1]), options },
    { why: 'not square', inputs: inputs([1, 5, 3, 17]), options },
    { why: 'one invocation short of a workgroup', inputs: inputs([1, 63, 1, 4]), options },
    { why: 'exactly one workgroup', inputs: inputs([1, 64, 2, 2]), options },
    { why: 'one invocation over a workgroup', inputs: inputs([1, 13, 1, 17]), options },
    { why: 'prime numbers of channels and pixels', inputs: inputs([1, 31, 1, 13]), options },
    {
      why: 'variances from 1e-13 to 1e5, as real weights have',
      inputs: inputs([1, 19, 4, 4], c => 10 ** (c - 13)),
      options,
    },
    { why: "the eps of Caffe's weights", inputs: inputs([1, 19, 4, 4], c => 10 ** (c - 13)), options: { eps: 1e-3 } },
    {
      why: 'all negative, with a large mean that must cancel',
      inputs: {
        ...inputs([1, 2, 6, 6]),
        x: { shape: [1, 2, 6, 6], fill: i => -1000 - (i % 7) },
        running_mean: { shape: [2], values: [-1003, -999] },
      },
      options,
    },
    {
      why: 'rejects an x that is not 4-D',
      inputs: { ...inputs([1, 3, 8, 8]), x: [3, 8, 8] },
      options,
      error: 'batch_norm: x must be 4-D, got [3, 8, 8]',
    },
    {
      why: 'rejects the statistics of another layer',
      inputs: { ...inputs([1, 3, 8, 8]), running_var: [4] },
      options,
      error:
        'batch_norm: running_var must be [3], got [4] (x [1, 3, 8, 8], weight [3], bias [3], running_mean [3], running_var [4])',
    },
  ],
  perf: [{ inputs: inputs([1, 64, 112, 112]), options }],
});
