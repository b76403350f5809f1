// The graph of torchvision's bottleneck ResNets, for a builder to construct.

export const BLOCKS = { resnet50: [3, 4, 6, 3], resnet101: [3, 4, 23, 3], resnet152: [3, 8, 36, 3] };

/**
 * Calls the builder for every operation in order, and returns its value for the logits.
 *
 * convolve(x, { name, channels, outChannels, kernel, stride, relu, residual })  batch norm folded into weight and bias
 * maxPool(x), averagePool(x), classify(x, { channels, classes })
 */
export function buildResNet(architecture, x, { convolve, maxPool, averagePool, classify }) {
  let channels = 64;
  let out = convolve(x, { name: 'conv1', channels: 3, outChannels: 64, kernel: 7, stride: 2, relu: true });
  out = maxPool(out);
  BLOCKS[architecture].forEach((count, stage) => {
    const width = 64 * 2 ** stage;
    for (let index = 0; index < count; index++) {
      const name = `layer${stage + 1}.${index}`;
      const stride = index === 0 && stage > 0 ? 2 : 1;
      const outChannels = 4 * width;
      const shortcut =
        channels === outChannels
          ? out
          : convolve(out, { name: `${name}.downsample`, channels, outChannels, kernel: 1, stride });
      let inner = convolve(out, {
        name: `${name}.conv1`,
        channels,
        outChannels: width,
        kernel: 1,
        stride: 1,
        relu: true,
      });
      inner = convolve(inner, {
        name: `${name}.conv2`,
        channels: width,
        outChannels: width,
        kernel: 3,
        stride,
        relu: true,
      });
      const last = { name: `${name}.conv3`, channels: width, outChannels, kernel: 1, stride: 1 };
      out = convolve(inner, { ...last, residual: shortcut, relu: true });
      channels = outChannels;
    }
  });
  return classify(averagePool(out), { channels, classes: 1000 });
}
