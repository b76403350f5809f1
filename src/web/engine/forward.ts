import type { DecodedImage } from '#platform';
import { squashTransform } from '../../data/transforms.ts';
import { preprocessBatch } from '../../inference/inputs.ts';
import type { Network } from '../../inference/network.ts';
import type { Tensor } from '../../runtime/tensor.ts';

/** Records the forward pass that a verdict uses. The caller disposes of features [1, F] and logits [1, K]. */
export function recordForward(
  { device, model, backbone }: Network,
  image: DecodedImage,
): { readonly features: Tensor; readonly logits: Tensor | undefined } {
  return device.scope(() => {
    const { x } = preprocessBatch(device, [image], squashTransform(backbone.preprocessing));
    const { features, logits } = model.forward(x);
    return { features, logits };
  });
}
