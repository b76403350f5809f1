import { type NormalizeOptions, normalize } from '../../kernels/normalize.ts';
import { caseTable, pixels } from '../case_table.ts';
import { normalize as reference } from '../reference/normalize.ts';

const torchvision: NormalizeOptions = {
  channelOrder: 'RGB',
  scale: 1 / 255,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};
const caffe: NormalizeOptions = { channelOrder: 'BGR', scale: 1, mean: [103.939, 116.779, 123.68], std: [1, 1, 1] };

export default caseTable<NormalizeOptions>({
  kernel: normalize,
  reference,
  cases: [
    { why: "torchvision's weights", inputs: { x: pixels(3, 224, 224) }, options: torchvision },
    { why: "Caffe's weights, BGR", inputs: { x: pixels(3, 224, 224) }, options: caffe },
    {
      why: 'another mean and deviation for each channel, BGR',
      inputs: { x: pixels(3, 5, 7) },
      options: { ...torchvision, channelOrder: 'BGR' },
    },
    { why: 'one pixel', inputs: { x: pixels(3, 1, 1) }, options: torchvision },
    { why: 'one pixel short of a workgroup', inputs: { x: pixels(3, 7, 9) }, options: torchvision },
    { why: 'exactly one workgroup', inputs: { x: pixels(3, 8, 8) }, options: torchvision },
    { why: 'one pixel over a workgroup', inputs: { x: pixels(3, 5, 13) }, options: torchvision },
    { why: 'black', inputs: { x: { shape: [3, 2, 2], fill: () => 0 } }, options: torchvision },
    {
      why: 'rejects an x that is not 3-D',
      inputs: { x: pixels(1, 3, 2, 2) },
      options: torchvision,
      error: 'normalize: x must be 3-D, got [1, 3, 2, 2]',
    },
    {
      why: 'rejects an x of one channel',
      inputs: { x: pixels(1, 2, 2) },
      options: torchvision,
      error: 'normalize: x must have 3 channels, got 1 (x [1, 2, 2])',
    },
  ],
  perf: [{ inputs: { x: pixels(3, 224, 224) }, options: torchvision }],
});
