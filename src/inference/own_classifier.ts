/** Makes a head from the classifier that a fine-tuned network has itself. */
import { InputError } from '../errors/index.ts';
import type { HeadValues } from '../nn/head.ts';
import type { Backbone } from '../weights/backbone.ts';
import { classNames, requireClassifier } from './classify.ts';

/**
 * Returns the network's own classifier as a head. Its probabilities are a softmax over all classes. For a network that
 * was trained with a sigmoid for each label, they are not the labels' own probabilities.
 *
 * One output with two names is the logit of a sigmoid: the head then has the logits 0 and that output, whose softmax is
 * the sigmoid.
 *
 * @throws InputError    the network has no classifier, or one output without two names, or another number of names
 * @throws WeightsError  the tensors are damaged
 */
export async function ownClassifier(backbone: Backbone): Promise<HeadValues> {
  requireClassifier(backbone);
  const [weight, bias] = [backbone.stateDict.get('fc.weight')!, backbone.stateDict.get('fc.bias')!];
  const [count, featureCount] = weight.shape as [number, number];
  if (count === 1) return sigmoidHead(backbone, { featureCount, weight: await weight.read(), bias: await bias.read() });
  return { classes: classNames(backbone), featureCount, weight: await weight.read(), bias: await bias.read() };
}

function sigmoidHead(
  { id, classes = [] }: Backbone,
  { featureCount, weight, bias }: Omit<HeadValues, 'classes'>,
): HeadValues {
  if (classes.length !== 2)
    throw new InputError(
      `weights: ${id}: has a classifier with one output, which needs the names of two classes, got ${classes.length}. If it was trained with a sigmoid, pass --classes NEGATIVE,POSITIVE`,
    );
  const rows = new Float32Array(2 * featureCount);
  rows.set(weight, featureCount);
  return { classes, featureCount, weight: rows, bias: Float32Array.of(0, bias[0]!) };
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
