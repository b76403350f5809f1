/**
 * How an image is prepared for a network. It belongs to the weights: the wrong one causes no error, only wrong
 * predictions.
 */

export interface Preprocessing {
  /** Length of the shorter side before the crop, in pixels. */
  readonly resize: number;
  /** Width and height of the centre crop, in pixels. */
  readonly crop: number;
  /** Antialiased, as in PIL. */
  readonly interpolation: 'bilinear';
  readonly channelOrder: 'RGB' | 'BGR';
  /** x = (pixel * scale - mean) / std, pixel in 0..255, mean and std in `channelOrder`. */
  readonly scale: number;
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

export type PreprocessingName = 'torchvision' | 'caffe';

/** Source: torchvision/transforms/_presets.py; keras-applications, imagenet_utils.py, mode 'caffe' */
export const PREPROCESSINGS: Readonly<Record<PreprocessingName, Preprocessing>> = {
  torchvision: {
    resize: 256,
    crop: 224,
    interpolation: 'bilinear',
    channelOrder: 'RGB',
    scale: 1 / 255,
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  },
  caffe: {
    resize: 256,
    crop: 224,
    interpolation: 'bilinear',
    channelOrder: 'BGR',
    scale: 1,
    mean: [103.939, 116.779, 123.68],
    std: [1, 1, 1],
  },
};
