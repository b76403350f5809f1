import { type ColormapOverlayOptions, colormapOverlay } from '../../kernels/colormap_overlay.ts';
import { caseTable, type InputSpecs, pixels } from '../case_table.ts';
import { colormapOverlay as reference } from '../reference/colormap_overlay.ts';

/**
 * Returns a map in steps of 1/64 between the bounds -2 and 2. Positions in the colour scale are then exact, so that no
 * rounding moves a value to the next colour.
 */
function inputs(n: number, height: number, width: number): InputSpecs {
  return {
    image: pixels(n, 3, height, width),
    values: { shape: [n, height, width], fill: (_, random) => Math.floor(257 * random()) / 64 - 2 },
    bounds: { shape: [n, 2], fill: i => (i % 2 ? 2 : -2) },
    table: { shape: [256, 3], fill: i => (i * 37) % 256 },
  };
}

export default caseTable<ColormapOverlayOptions>({
  kernel: colormapOverlay,
  reference,
  cases: [
    { why: 'over an X-ray', inputs: inputs(1, 224, 224), options: { opacity: 0.4 } },
    { why: 'a batch of two, not square', inputs: inputs(2, 5, 9), options: { opacity: 0.5 } },
    { why: 'the heat map alone', inputs: inputs(1, 8, 8), options: { opacity: 1 } },
    { why: 'the image alone', inputs: inputs(1, 8, 8), options: { opacity: 0 } },
    { why: 'one pixel', inputs: inputs(1, 1, 1), options: { opacity: 0.3 } },
    { why: 'one pixel short of a workgroup', inputs: inputs(1, 7, 9), options: { opacity: 0.3 } },
    { why: 'one pixel over a workgroup', inputs: inputs(1, 5, 13), options: { opacity: 0.3 } },
    {
      why: 'values at or past the bounds get the first and the last colour',
      inputs: { ...inputs(1, 2, 2), values: { shape: [1, 2, 2], values: [-2, 2, -5, 7] } },
      options: { opacity: 1 },
    },
    {
      why: 'a constant map gets the first colour, not NaN',
      inputs: {
        ...inputs(1, 2, 3),
        values: { shape: [1, 2, 3], fill: () => 0.7 },
        bounds: { shape: [1, 2], fill: () => 0.7 },
      },
      options: { opacity: 0.5 },
    },
    {
      why: 'a NaN in the map stays NaN',
      inputs: { ...inputs(1, 1, 3), values: { shape: [1, 1, 3], values: [0, Number.NaN, 1] } },
      options: { opacity: 0.5 },
    },
    {
      why: 'rejects a map that is not 3-D',
      inputs: { ...inputs(1, 8, 8), values: [1, 1, 8, 8] },
      options: { opacity: 0.5 },
      error: 'colormap_overlay: values must be 3-D, got [1, 1, 8, 8]',
    },
    {
      why: 'rejects a map of another size',
      inputs: { ...inputs(1, 224, 224), values: [1, 7, 7] },
      options: { opacity: 0.5 },
      error:
        'colormap_overlay: image must be [1, 3, 7, 7], got [1, 3, 224, 224] (image [1, 3, 224, 224], values [1, 7, 7], bounds [1, 2], table [256, 3])',
    },
    {
      why: 'rejects a table of too few colours',
      inputs: { ...inputs(1, 8, 8), table: [128, 3] },
      options: { opacity: 0.5 },
      error:
        'colormap_overlay: table must be [256, 3], got [128, 3] (image [1, 3, 8, 8], values [1, 8, 8], bounds [1, 2], table [128, 3])',
    },
    {
      why: 'rejects an opacity in percent',
      inputs: inputs(1, 8, 8),
      options: { opacity: 40 },
      error: 'colormap_overlay: opacity must be in [0, 1], got 40',
    },
  ],
  perf: [{ inputs: inputs(1, 224, 224), options: { opacity: 0.4 } }],
});
