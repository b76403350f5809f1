interface Convolution {
  /** The first module that runs it. */
  readonly module: string;
  readonly channels: number;
  readonly outChannels: number;
  readonly kernelSize: number;
  readonly stride: number;
  /** Height and width of x. */
  readonly size: number;
}

/**
 * Every distinct convolution of ResNet-152 at 224 x 224, with the stride on the 3x3 (torchvision) and on the first
 * 1x1 (He et al.).
 */
export const resnet152Convolutions: readonly Convolution[] = [
  { module: 'conv1', channels: 3, outChannels: 64, kernelSize: 7, stride: 2, size: 224 },
  ...[1, 2, 3, 4].flatMap(stage),
];

/**
 * The 3x3 convolutions at stride 1, which the engine computes by Winograd. They return as many channels as they take.
 */
export const winogradConvolutions = resnet152Convolutions.filter(
  ({ kernelSize, stride }) => kernelSize === 3 && stride === 1,
);

function stage(index: number): Convolution[] {
  const width = 64 * 2 ** (index - 1);
  const size = 56 / 2 ** (index - 1);
  const name = (rest: string) => `layer${index}.${rest}`;
  const inner = [
    { module: name('1.conv1'), channels: 4 * width, outChannels: width, kernelSize: 1, stride: 1, size },
    { module: name('1.conv2'), channels: width, outChannels: width, kernelSize: 3, stride: 1, size },
    { module: name('0.conv3'), channels: width, outChannels: 4 * width, kernelSize: 1, stride: 1, size },
  ];
  // The downsample of layer1 has the shape of its conv3.
  if (index === 1)
    return [{ module: 'layer1.0.conv1', channels: 64, outChannels: 64, kernelSize: 1, stride: 1, size }, ...inner];
  return [
    { module: name('0.conv1'), channels: 2 * width, outChannels: width, kernelSize: 1, stride: 1, size: 2 * size },
    { module: name('0.conv2'), channels: width, outChannels: width, kernelSize: 3, stride: 2, size: 2 * size },
    {
      module: `${name('0.conv1')}, stride on the 1x1`,
      channels: 2 * width,
      outChannels: width,
      kernelSize: 1,
      stride: 2,
      size: 2 * size,
    },
    {
      module: name('0.downsample.0'),
      channels: 2 * width,
      outChannels: 4 * width,
      kernelSize: 1,
      stride: 2,
      size: 2 * size,
    },
    ...inner,
  ];
}
