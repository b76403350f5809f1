/** Finds the classifier of a fine-tuned ResNet, whatever its name, and names it `fc`. */
import { renamed, type StateDict, type TensorEntry, tensorOf } from './tensor_entry.ts';

/** Modules that people call a classifier, and the modules of a Sequential or a wrapper inside. */
const CLASSIFIER =
  /^((?:.*\.)?(?:fc|fc_?layer|last_linear|classifier|cls_head|head|linear|logits|output|final_layer))((?:\.[\w]+)*)\.(\w+)$/;
/** Tensors of a loss function, which do not belong to the network. */
const LOSS = /^(criterion|loss(_fn|_func|_function)?|class_weights?|pos_weight|n_averaged)(\.|$)/;

export interface WithClassifier {
  /** The network, whose classifier is `fc.weight` and `fc.bias` if it is one linear layer. */
  readonly stateDict: StateDict;
  readonly unused: readonly string[];
  readonly classifierProblem?: string;
}

/**
 * Returns a network with its classifier as `fc`.
 *
 * inside   the tensors of the network, by torchvision's names
 * outside  the file's other tensors
 */
export function moveClassifier(inside: StateDict, outside: readonly TensorEntry[]): WithClassifier {
  const isCore = (name: string) => /^(conv1|bn1|layer[1-4])\./.test(name);
  const core = new Map<string, TensorEntry>();
  const rest: TensorEntry[] = [];
  for (const entry of inside.values()) {
    if (isCore(entry.name)) core.set(entry.name, entry);
    else if (!LOSS.test(entry.name)) rest.push(entry);
  }
  const features = core.get('layer4.0.conv3.weight')?.shape[0] ?? core.get('layer4.0.conv2.weight')?.shape[0];
  const own = groupsOf(rest);
  const groups = own.size > 0 ? own : groupsOf(outside);
  const [found] = groups.values();
  const belongs = new Set(found?.map(({ name }) => name));
  const unused = outside.map(({ name }) => name).filter(name => !belongs.has(name));
  // A tensor of the network's own that is not a classifier's changes what the network computes: it stays, as unknown.
  for (const entry of rest) if (![...own.values()].flat().includes(entry)) core.set(entry.name, entry);
  if (found === undefined) return { stateDict: core, unused };
  const problem = groups.size > 1 ? severalHeads(groups) : problemOf(found, features);
  if (problem !== undefined) return { stateDict: core, unused, classifierProblem: problem };
  for (const entry of linearOf(found)) core.set(entry.name, entry);
  return { stateDict: core, unused };
}

/** The tensors of each classifier, by its module path. */
function groupsOf(entries: readonly TensorEntry[]): Map<string, TensorEntry[]> {
  const groups = new Map<string, TensorEntry[]>();
  for (const entry of entries) {
    const path = CLASSIFIER.exec(entry.name)?.[1];
    if (path !== undefined) groups.set(path, [...(groups.get(path) ?? []), entry]);
  }
  return groups;
}

function severalHeads(groups: ReadonlyMap<string, unknown>): string {
  return `the file has several classifiers (${[...groups.keys()].slice(0, 8).join(', ')})`;
}

function problemOf(group: readonly TensorEntry[], features: number | undefined): string | undefined {
  const shown = group
    .slice(0, 6)
    .map(({ name, shape }) => `${name} [${shape.join(', ')}]`)
    .join(', ');
  if (group.some(({ name }) => /\.(weight_[gv]|weight_orig|original\d)$/.test(name)))
    return `its classifier has weight normalisation (${shown}). Remove it in Python: torch.nn.utils.remove_weight_norm`;
  const weights = group.filter(({ shape }) => shape.length === 2);
  if (weights.length > 1) return `its classifier has hidden layers (${shown})`;
  const [weight] = weights;
  const path = weight?.name.replace(/\.weight$/, '');
  const isLinear = weight && group.every(({ name }) => name === `${path}.weight` || name === `${path}.bias`);
  if (!isLinear) return `its classifier is not one linear layer (${shown})`;
  return weight.shape[1] === features
    ? undefined
    : `its classifier does not take the ${features} features of layer4 (${shown})`;
}

/** Returns weight and bias as `fc`. A layer without a bias gets one of zeros. */
function linearOf(group: readonly TensorEntry[]): TensorEntry[] {
  const weight = group.find(({ shape }) => shape.length === 2)!;
  const bias = group.find(({ name }) => name.endsWith('.bias'));
  const classes = weight.shape[0]!;
  return [
    renamed(weight, 'fc.weight'),
    bias ? renamed(bias, 'fc.bias') : tensorOf('fc.bias', [classes], new Float32Array(classes)),
  ];
}
