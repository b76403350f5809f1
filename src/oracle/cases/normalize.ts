import { type NormalizeOptions, normalize } from '../../kernels/normalize.ts';
import { caseTable, type InputSpec } from '../case_table.ts';
import { normalize as reference } from '../reference/normalize.ts';

const torchvision: NormalizeOptions = {
  channelOrder: 'RGB',
  scale: 1 / 255,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};
const caffe: NormalizeOptions = { channelOrder: 'BGR', scale: 1, mean: [103.939, 116.779, 123.68], std: [1, 1, 1] };

function pixels(...shape: number[]): Record<string, InputSpec> {
  return { x: { shape, fill: (_, random) => Math.floor(256 * random()) } };
}

export default caseTable<NormalizeOptions>({
  kernel: normalize,
  reference,
  cases: [
    { why: "torchvision's weights", inputs: pixels(3, 224, 224), options: torchvision },
    { why: "Caffe's weights: blue first", inputs: pixels(3, 224, 224), options: caffe },
    {
      why: 'every channel its own mean and deviation, blue first',
      inputs: pixels(3, 5, 7),
      options: { ...torchvision, channelOrder: 'BGR' },
    },
    { why: 'one pixel', inputs: pixels(3, 1, 1), options: torchvision },
    { why: 'one pixel short of a workgroup', inputs: pixels(3, 7, 9), options: torchvision },
    { why: 'exactly one workgroup', inputs: pixels(3, 8, 8), options: torchvision },
    { why: 'one pixel over a workgroup', inputs: pixels(3, 5, 13), options: torchvision },
    { why: 'black', inputs: { x: { shape: [3, 2, 2], fill: () => 0 } }, options: torchvision },
    {
      why: 'x is not 3-D',
      inputs: pixels(1, 3, 2, 2),
      options: torchvision,
      error: 'normalize: x must be 3-D, got [1, 3, 2, 2]',
    },
    {
      why: 'x is grey',
      inputs: pixels(1, 2, 2),
      options: torchvision,
      error: 'normalize: x must have 3 channels, got 1 (x [1, 2, 2])',
    },
  ],
});
