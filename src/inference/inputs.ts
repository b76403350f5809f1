import type { DecodedImage } from '#platform';
import {
  type AugmentationParameters,
  augment,
  checkResizable,
  resizeImage,
  type TransformSpec,
  uploadImage,
} from '../data/transforms.ts';
import { normalize } from '../kernels/normalize.ts';
import type { Device } from '../runtime/device.ts';
import { elementCount } from '../runtime/shape.ts';
import type { Tensor } from '../runtime/tensor.ts';

export interface Inputs {
  /** [N, 3, H, W], normalised with the mean and deviation that the weights require. */
  readonly x: Tensor;
  /** For each image, [3, H, W], RGB, 0..255: the network's input before normalisation. */
  readonly pixels: readonly Tensor[];
}

/**
 * Records the preprocessing of images into one batch for the network. Submits nothing.
 *
 * @throws UnusableImage  an image is too large to be resized on the device
 */
export function preprocessBatch(
  device: Device,
  images: readonly DecodedImage[],
  spec: TransformSpec,
  augmentations: readonly (AugmentationParameters | undefined)[] = [],
): Inputs {
  for (const image of images) checkResizable(device, image, spec.resize);
  return device.scope(() => {
    const [height, width] =
      'height' in spec.resize ? [spec.resize.height, spec.resize.width] : [spec.resize.crop, spec.resize.crop];
    const shape = [1, 3, height, width];
    const x = device.empty([images.length, 3, height, width], 'x');
    const pixels = images.map((image, i) => {
      const resized = resizeImage(device, uploadImage(device, image), spec.resize);
      const augmentation = augmentations[i];
      const shown = augmentation ? augment(device, resized, augmentation) : resized;
      device.run(normalize, { x: shown }, spec, {
        label: 'normalize',
        outputs: { y: x.view(shape, i * elementCount(shape)) },
      });
      return shown;
    });
    return { x, pixels };
  });
}
