import { type AffineMatrix, type AffineOptions, affine } from '../../kernels/affine.ts';
import { caseTable } from '../case_table.ts';
import { affine as reference } from '../reference/affine.ts';

/** A rotation by about 16 degrees, with factors that 16 bits represent exactly. */
const rotation: AffineMatrix = [0.9609375, 0.28125, -3.375, -0.28125, 0.9609375, 5.25];

function nearest(matrix: AffineMatrix, fill = 0): AffineOptions {
  return { matrix, interpolation: 'nearest', fill };
}

function bilinear(matrix: AffineMatrix, fill = 0): AffineOptions {
  return { matrix, interpolation: 'bilinear', fill };
}

export default caseTable<AffineOptions>({
  kernel: affine,
  reference,
  cases: [
    { why: 'a rotated X-ray', inputs: { x: [3, 224, 224] }, options: nearest(rotation) },
    { why: 'a rotated X-ray, bilinear', inputs: { x: [3, 224, 224] }, options: bilinear(rotation) },
    { why: 'the identity', inputs: { x: [3, 5, 7] }, options: nearest([1, 0, 0, 0, 1, 0]) },
    { why: 'the identity, bilinear', inputs: { x: [3, 5, 7] }, options: bilinear([1, 0, 0, 0, 1, 0]) },
    {
      why: 'shifted by whole pixels, filled with white',
      inputs: { x: [3, 9, 7] },
      options: nearest([1, 0, -2, 0, 1, 3], 255),
    },
    {
      why: 'shifted by fractions of a pixel, bilinear, filled with white',
      inputs: { x: [3, 9, 7] },
      options: bilinear([1, 0, -2.25, 0, 1, 3.375], 255),
    },
    {
      why: 'enlarged around the centre',
      inputs: { x: [1, 11, 13] },
      options: nearest([0.8125, 0, 1.21875, 0, 0.8125, 1.03125]),
    },
    { why: 'sheared', inputs: { x: [1, 11, 13] }, options: nearest([1, 0.3125, -1.71875, 0, 1, 0]) },
    {
      why: 'every pixel comes from outside the image',
      inputs: { x: [1, 4, 4] },
      options: nearest([1, 0, 100, 0, 1, -100], 7),
    },
    {
      why: 'coordinates that do not fit 16 bits',
      inputs: { x: [1, 4, 4] },
      options: nearest([1, 0.5, 1e5, 0.5, 1, 0], 7),
    },
    { why: 'one pixel', inputs: { x: [1, 1, 1] }, options: nearest([1, 0, 0, 0, 1, 0]) },
    { why: 'one pixel short of a workgroup', inputs: { x: [1, 7, 9] }, options: nearest(rotation) },
    { why: 'exactly one workgroup', inputs: { x: [1, 8, 8] }, options: nearest(rotation) },
    { why: 'one pixel over a workgroup', inputs: { x: [1, 5, 13] }, options: nearest(rotation) },
    {
      why: 'rejects an x that is not 3-D',
      inputs: { x: [1, 3, 8, 8] },
      options: nearest(rotation),
      error: 'affine: x must be 3-D, got [1, 3, 8, 8]',
    },
  ],
  perf: [{ inputs: { x: [3, 224, 224] }, options: nearest(rotation) }],
});
