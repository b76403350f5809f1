import type { DecodedImage } from '#platform';
import { squashTransform } from '../data/transforms.ts';
import { finite, notAllZero } from './finite.ts';
import { preprocessBatch } from './inputs.ts';
import type { Network } from './network.ts';
import { recovering } from './recovery.ts';

export interface Activations {
  /** [C, H, W]; [C, 1, 1] for a vector. */
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/**
 * Returns the output of one module of the backbone for an image squashed to 224 x 224. `path` is the module's path in
 * PyTorch, such as `layer4.1.bn2`.
 *
 * @throws InputError   no module has this path
 * @throws DeviceError  a value is not finite, all features are 0, or the device is lost a second time
 */
export function activationsOf(network: Network, image: DecodedImage, path: string): Promise<Activations> {
  return recovering(network, () => tap(network, image, path));
}

async function tap({ device, backbone, model }: Network, image: DecodedImage, path: string): Promise<Activations> {
  const { features, logits, taps } = device.scope(() =>
    model.forward(preprocessBatch(device, [image], squashTransform(backbone.preprocessing)).x, { taps: [path] }),
  );
  const tapped = taps.get(path)!;
  try {
    notAllZero('avgpool', await features.read());
    const [channels, height = 1, width = 1] = tapped.shape.slice(1);
    return { shape: [channels!, height, width], values: finite(path, await tapped.read()) };
  } finally {
    for (const tensor of [features, logits, tapped]) tensor?.dispose();
  }
}
