import { classActivationMap } from '../kernels/class_activation_map.ts';
import { minMax } from '../kernels/min_max.ts';
import { type Alignment, upsampleBilinear } from '../kernels/upsample_bilinear.ts';
import type { Device } from '../runtime/device.ts';
import type { Tensor } from '../runtime/tensor.ts';

export interface ClassActivationMapInputs {
  /** [N, C, H, W], the features before the global average pool. */
  readonly layer4: Tensor;
  /** [K, C], the head's `fc.0.weight`. */
  readonly headWeight: Tensor;
  /** N indices: for each image, the class whose evidence is mapped. */
  readonly classes: readonly number[];
}

export interface ClassActivationMapOptions {
  /**
   * `corners`, the default, as in the tutorial's scipy.ndimage.zoom(order=1); `half-pixel` as in PyTorch's interpolate.
   */
  readonly align?: Alignment;
  /** Height and width of the enlarged maps in pixels; 224 by default. */
  readonly size?: number;
}

export interface ClassActivationMaps {
  /** [N, H, W] */
  readonly cam: Tensor;
  /** [N, size, size] */
  readonly upsampled: Tensor;
}

/**
 * Records class activation maps in the size of the features, and enlarged to that of the image. Neither is normalised:
 * evidence against the class is negative.
 *
 * @throws ShapeError  layer4 and headWeight differ in their number of channels, or there is not one class per image
 */
export function classActivationMaps(
  device: Device,
  { layer4, headWeight, classes }: ClassActivationMapInputs,
  { align = 'corners', size = 224 }: ClassActivationMapOptions = {},
): ClassActivationMaps {
  return device.scope(() => {
    const chosen = device.tensor(Float32Array.from(classes), [classes.length], 'classes');
    const cam = device.run(classActivationMap, { features: layer4, weight: headWeight, classes: chosen }, {}).y;
    const [n, height, width] = cam.shape as [number, number, number];
    const x = cam.view([n, 1, height, width]);
    const enlarged = device.run(upsampleBilinear, { x }, { height: size, width: size, align }).y;
    return { cam, upsampled: enlarged.view([n, size, size]) };
  });
}

/**
 * Records the smallest and the largest value of each map, which are the ends of its colour scale.
 *
 * maps     [N, H, W]
 * returns  [N, 2]
 */
export function mapBounds(device: Device, maps: Tensor): Tensor {
  const [n, height, width] = maps.shape as [number, number, number];
  return device.scope(() => {
    const rows = device.run(minMax, { x: maps.view([n * height, 1, width]) }, {}).y;
    return device.run(minMax, { x: rows.view([n, height, 2]) }, {}).y;
  });
}
