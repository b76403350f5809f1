import type { DecodedImage } from '#platform';
import { evaluationTransform } from '../data/transforms.ts';
import { readTogether } from '../runtime/tensor.ts';
import imagenetClasses from '../weights/imagenet_classes.json';
import { finite, notAllZero } from './finite.ts';
import { preprocessBatch } from './inputs.ts';
import type { Network } from './network.ts';
import { recovering } from './recovery.ts';

export interface RankedClass {
  readonly index: number;
  readonly label: string;
  /** 0..1 */
  readonly probability: number;
}

/**
 * Returns the `count` most probable ImageNet classes of an image, the most probable first, from the backbone's own
 * classifier.
 *
 * @throws DeviceError  a logit is not finite, all logits or all features are 0, or the device is lost a second time
 */
export async function classifyImage(network: Network, image: DecodedImage, count = 5): Promise<RankedClass[]> {
  const probabilities = softmax(await recovering(network, () => logitsOf(network, image)));
  return Array.from(probabilities, (probability, index) => ({ index, label: labelOf(index), probability }))
    .sort((a, b) => b.probability - a.probability || a.index - b.index)
    .slice(0, count);
}

async function logitsOf({ device, backbone, model }: Network, image: DecodedImage): Promise<Float32Array> {
  const { features, logits } = device.scope(() =>
    model.infer(preprocessBatch(device, [image], evaluationTransform(backbone.preprocessing)).x),
  );
  const [values, seen] = await readTogether(logits, features);
  notAllZero('avgpool', seen); // with all features 0, the bias alone would give plausible classes
  return notAllZero('fc', finite('fc', values));
}

function softmax(logits: Float32Array): Float64Array {
  const largest = logits.reduce((a, b) => Math.max(a, b));
  const terms = Float64Array.from(logits, logit => Math.exp(logit - largest));
  const sum = terms.reduce((a, b) => a + b, 0);
  return terms.map(term => term / sum);
}

/** Returns the ImageNet name of a class, or `class <index>` for networks with more classes. */
function labelOf(index: number): string {
  return imagenetClasses[index] ?? `class ${index}`;
}
