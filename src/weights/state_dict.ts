/** Translates the tensor names of a file to torchvision's names. */
import { WeightsError } from '../errors/index.ts';
import { type KerasScheme, kerasScheme, kerasToTorchvision } from './keras_names.ts';
import { renamed, type StateDict, type TensorEntry } from './tensor_entry.ts';

/** Prefixes added by DataParallel, and by models that keep the network in an attribute. */
const PREFIXES = ['module.', 'model.', 'backbone.'];

/** The naming scheme of a file's tensors. */
export type TensorNames = 'torchvision' | KerasScheme;

export interface NamedStateDict {
  readonly stateDict: StateDict;
  readonly names: TensorNames;
}

/**
 * Returns the tensors under torchvision's names. Translates Keras' names, and removes common prefixes that all names
 * share.
 *
 * With `prefix`, selects only the tensors whose names start with it, and removes it. This is for files that contain
 * several networks.
 *
 * @throws WeightsError  no name starts with `prefix`
 */
export function toStateDict(tensors: StateDict, prefix = ''): NamedStateDict {
  const chosen = prefix === '' ? tensors : withPrefix(tensors, prefix);
  const scheme = kerasScheme(chosen);
  if (scheme !== undefined) return { stateDict: kerasToTorchvision(chosen), names: scheme };
  return { stateDict: withoutUsualPrefixes(chosen), names: 'torchvision' };
}

function withPrefix(tensors: StateDict, prefix: string): StateDict {
  const chosen = [...tensors.values()].filter(({ name }) => name.startsWith(prefix));
  if (chosen.length > 0) return shortened(chosen, prefix);
  const [first] = tensors.keys();
  throw new WeightsError(
    `weights: no tensor name starts with ${JSON.stringify(prefix)} (the first is ${JSON.stringify(first ?? '')}). ` +
      'List the names with `raycam weights info FILE --tensors`',
  );
}

function withoutUsualPrefixes(tensors: StateDict): StateDict {
  const names = [...tensors.keys()];
  const prefix = PREFIXES.find(candidate => names.length > 0 && names.every(name => name.startsWith(candidate)));
  return prefix === undefined ? tensors : withoutUsualPrefixes(shortened(tensors.values(), prefix));
}

function shortened(entries: Iterable<TensorEntry>, prefix: string): StateDict {
  return new Map(
    [...entries].map(entry => {
      const name = entry.name.slice(prefix.length);
      return [name, renamed(entry, name)];
    }),
  );
}
