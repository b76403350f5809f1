/** Finds the names of the classes that a training script saved beside the state dict. */
import { Dict, List, type PickleValue, Placeholder, Tuple } from './pickle_values.ts';

/** Objects beside the state dict that have settings of the training. */
const SETTINGS = ['hyper_parameters', 'hparams', 'args', 'config', 'meta'];
const NAME_LISTS = ['classes', 'class_names', 'CLASSES', 'labels'];
/** ImageNet-22k has 21841 classes. */
const MAX_CLASSES = 25_000;
const MAX_CHARACTERS = 200;

/** Returns the classes in the order of the outputs, from `class_to_idx`, `idx_to_class` or a list of names. */
export function classesIn(root: PickleValue): readonly string[] | undefined {
  const top = dictOf(root);
  for (const dict of [top, ...SETTINGS.map(key => dictOf(top?.entries.get(key)))]) {
    const indexed = dict && (byIndex(dict.entries.get('class_to_idx')) ?? byIndex(dict.entries.get('idx_to_class')));
    const listed = NAME_LISTS.map(key => checked(itemsOf(dict?.entries.get(key)))).find(names => names !== undefined);
    if (indexed ?? listed) return indexed ?? listed;
  }
  return undefined;
}

function dictOf(value: PickleValue | undefined): Dict | undefined {
  if (value instanceof Dict) return value;
  if (!(value instanceof Placeholder)) return undefined;
  return value.items ?? (value.state instanceof Dict ? value.state : undefined);
}

function itemsOf(value: PickleValue | undefined): readonly PickleValue[] | undefined {
  return value instanceof List || value instanceof Tuple ? value.items : undefined;
}

/** Sorts pairs of a name and an index, in either order, by the index. */
function byIndex(value: PickleValue | undefined): readonly string[] | undefined {
  const dict = dictOf(value);
  if (dict === undefined || dict.entries.size > MAX_CLASSES) return undefined;
  const names: PickleValue[] = new Array(dict.entries.size).fill(null);
  for (const [a, b] of dict.entries) {
    const [name, index] = typeof a === 'string' ? [a, b] : [b, a];
    if (typeof index === 'number' && index in names) names[index] = name;
  }
  return checked(names);
}

/** Returns the names if all are different, short and not empty. */
export function checked(names: readonly unknown[] | undefined): readonly string[] | undefined {
  if (names === undefined || names.length === 0 || names.length > MAX_CLASSES) return undefined;
  const isName = (name: unknown): name is string =>
    typeof name === 'string' && name.length > 0 && name.length <= MAX_CHARACTERS;
  return names.every(isName) && new Set(names).size === names.length ? names : undefined;
}
