import type { DecodedImage } from '#platform';
import { evaluationTransform } from '../data/transforms.ts';
import { InputError } from '../errors/index.ts';
import { readTogether } from '../runtime/tensor.ts';
import type { Backbone } from '../weights/backbone.ts';
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
 * Returns the `count` most probable classes of an image, the most probable first, from the backbone's own classifier.
 *
 * @throws InputError   the backbone has no classifier, or one with a single output
 * @throws DeviceError  a logit is not finite, all logits or all features are 0, or the device is lost a second time
 */
export async function classifyImage(network: Network, image: DecodedImage, count = 5): Promise<RankedClass[]> {
  requireClassifier(network.backbone);
  if (network.backbone.stateDict.get('fc.weight')!.shape[0] === 1)
    throw new InputError(
      `weights: ${network.backbone.id}: has a classifier with one output, which cannot be ranked. If it was trained with a sigmoid, use \`raycam predict\` with --classes NEGATIVE,POSITIVE`,
    );
  const names = classNames(network.backbone);
  const probabilities = softmax(await recovering(network, () => logitsOf(network, image)));
  return Array.from(probabilities, (probability, index) => ({ index, label: names[index]!, probability }))
    .sort((a, b) => b.probability - a.probability || a.index - b.index)
    .slice(0, count);
}

async function logitsOf({ device, backbone, model }: Network, image: DecodedImage): Promise<Float32Array> {
  const { features, logits } = device.scope(() =>
    model.infer(preprocessBatch(device, [image], evaluationTransform(backbone.preprocessing)).x),
  );
  const [values, seen] = await readTogether(logits!, features);
  notAllZero('avgpool', seen); // with all features 0, the bias alone would give plausible classes
  return notAllZero('fc', finite('fc', values));
}

function softmax(logits: Float32Array): Float64Array {
  const largest = logits.reduce((a, b) => Math.max(a, b));
  const terms = Float64Array.from(logits, logit => Math.exp(logit - largest));
  const sum = terms.reduce((a, b) => a + b, 0);
  return terms.map(term => term / sum);
}

/**
 * Returns the names of a network's own classes: those that its file has, ImageNet's for a network with exactly 1000
 * classes, otherwise `class 0`, `class 1`, …
 *
 * @throws InputError  the file, or the caller, has another number of names than the network has classes
 */
export function classNames({ id, stateDict, classes }: Backbone): readonly string[] {
  const count = stateDict.get('fc.weight')?.shape[0] ?? 0;
  if (classes !== undefined && classes.length !== count)
    throw new InputError(
      `weights: ${id}: has ${count} classes, but ${classes.length} names are given (${classes.slice(0, 8).join(', ')})`,
    );
  if (classes !== undefined) return classes;
  if (knowsImagenet({ stateDict, classes })) return imagenetClasses;
  return Array.from({ length: count }, (_, index) => `class ${index}`);
}

/** Returns whether a network's classes are ImageNet's: it has exactly 1000, and no other names for them. */
export function knowsImagenet({ stateDict, classes }: Pick<Backbone, 'stateDict' | 'classes'>): boolean {
  return classes === undefined && stateDict.get('fc.weight')?.shape[0] === imagenetClasses.length;
}

/** Checks that a network has its own classifier. @throws InputError  says why it has none */
export function requireClassifier({ id, stateDict, classifierProblem }: Backbone): void {
  if (stateDict.has('fc.weight')) return;
  throw new InputError(
    `weights: ${id}: has no classifier that can run (${classifierProblem ?? 'it has no fc.weight'}). Use a head from \`raycam train\`, or weights with one linear layer as fc`,
  );
}
