import { classActivationMap } from '../../kernels/class_activation_map.ts';
import { caseTable, type InputSpecs } from '../case_table.ts';
import { classActivationMap as reference } from '../reference/class_activation_map.ts';

/** Returns noise, with another class for each image. */
function inputs(features: readonly number[], classes: number): InputSpecs {
  return {
    features,
    weight: [classes, features[1]!],
    classes: { shape: [features[0]!], fill: i => (i + 1) % classes },
  };
}

export default caseTable({
  kernel: classActivationMap,
  reference,
  cases: [
    { why: "the head's two classes, a batch of two", inputs: inputs([2, 2048, 7, 7], 2) },
    {
      why: "ImageNet's classes",
      inputs: { ...inputs([1, 512, 7, 7], 1000), classes: { shape: [1], values: [999] } },
    },
    { why: 'one pixel, one channel, one class', inputs: inputs([1, 1, 1, 1], 1) },
    { why: 'channels not divisible by four', inputs: inputs([2, 7, 3, 3], 3) },
    { why: 'fewer than four channels', inputs: inputs([1, 3, 2, 2], 2) },
    { why: 'not square', inputs: inputs([1, 8, 3, 11], 2) },
    { why: 'one pixel short of a workgroup', inputs: inputs([1, 8, 7, 9], 2) },
    { why: 'exactly one workgroup', inputs: inputs([1, 8, 8, 8], 2) },
    { why: 'one pixel over a workgroup', inputs: inputs([1, 8, 5, 13], 2) },
    {
      why: 'all negative',
      inputs: { ...inputs([1, 9, 4, 4], 2), features: { shape: [1, 9, 4, 4], fill: i => -1 - (i % 7) } },
    },
    {
      why: 'an invalid class number makes the map of its image NaN, and no other',
      inputs: { ...inputs([3, 8, 2, 2], 2), classes: { shape: [3], values: [0, 2, 1] } },
    },
    {
      why: 'rejects features that are not 4-D',
      inputs: { ...inputs([1, 8, 2, 2], 2), features: [1, 8] },
      error: 'class_activation_map: features must be 4-D, got [1, 8]',
    },
    {
      why: 'rejects the head of another backbone',
      inputs: { ...inputs([1, 2048, 7, 7], 2), weight: [2, 512] },
      error:
        'class_activation_map: features has 2048 channels but weight expects 512 (features [1, 2048, 7, 7], weight [2, 512], classes [1])',
    },
    {
      why: 'rejects one class for two images',
      inputs: { ...inputs([2, 8, 7, 7], 2), classes: [1] },
      error: 'class_activation_map: classes must be [2], got [1] (features [2, 8, 7, 7], weight [2, 8], classes [1])',
    },
  ],
  perf: [{ inputs: inputs([1, 2048, 7, 7], 2), flop: 2 * 2048 * 49 }],
});
