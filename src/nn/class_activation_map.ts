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
  /** N class numbers: which class each image's evidence is for. */
  readonly classes: readonly number[];
}

export interface ClassActivationMapOptions {
  /** `corners` as the tutorial's scipy.ndimage.zoom(order=1), by default; `half-pixel` as PyTorch's interpolate. */
  readonly align?: Alignment;
  /** The side of the enlarged maps in pixels; 224 by default. */
  readonly size?: number;
}

export interface ClassActivationMaps {
  /** [N, H, W] */
  readonly cam: Tensor;
  /** [N, size, size] */
  readonly upsampled: Tensor;
}

/**
 * Class activation maps as the features give them, and enlarged to the image. Recorded, nothing is read back; neither is
 * normalised: where evidence speaks against the class, they are negative.
 *
 * @throws ShapeError  the features are not the head's, or the classes not as many as the images
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
 * The smallest and the largest value of each map, to be given the ends of a colour scale. Recorded.
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
