/** Makes a head from the classifier that a fine-tuned network has itself. */
import type { HeadValues } from '../nn/head.ts';
import type { Backbone } from '../weights/backbone.ts';
import { classNames, requireClassifier } from './classify.ts';

/**
 * Returns the network's own classifier as a head. Its probabilities are a softmax over all classes. For a network that
 * was trained with a sigmoid for each label, they are not the labels' own probabilities.
 *
 * @throws InputError    the network has no classifier, or another number of names than classes
 * @throws WeightsError  the tensors are damaged
 */
export async function ownClassifier(backbone: Backbone): Promise<HeadValues> {
  requireClassifier(backbone);
  const [weight, bias] = [backbone.stateDict.get('fc.weight')!, backbone.stateDict.get('fc.bias')!];
  return {
    classes: classNames(backbone),
    featureCount: weight.shape[1]!,
    weight: await weight.read(),
    bias: await bias.read(),
  };
}

/** Returns a head whose classes are in this order, if it has the same classes in another order; otherwise the head. */
export function inOrderOf(classes: readonly string[], head: HeadValues): HeadValues {
  const { featureCount, weight, bias } = head;
  const rows = classes.map(name => head.classes.indexOf(name));
  if (classes.length !== head.classes.length || rows.includes(-1)) return head;
  const moved = new Float32Array(weight.length);
  rows.forEach((row, k) => {
    moved.set(weight.subarray(row * featureCount, (row + 1) * featureCount), k * featureCount);
  });
  return { classes, featureCount, weight: moved, bias: Float32Array.from(rows, row => bias[row]!) };
}
