/** From the names of a file to torchvision's. */
import { WeightsError } from '../errors.ts';
import { type KerasScheme, kerasScheme, kerasToTorchvision } from './keras_names.ts';
import { renamed, type StateDict, type TensorEntry } from './tensor_entry.ts';

/** Left by DataParallel, and by those who keep the network in an attribute. */
const PREFIXES = ['module.', 'model.', 'backbone.'];

/** Whose names the tensors of a file have. */
export type TensorNames = 'torchvision' | KerasScheme;

export interface NamedStateDict {
  readonly stateDict: StateDict;
  readonly names: TensorNames;
}

/**
 * The tensors under torchvision's names: Keras' are translated, the usual prefixes that all names share are taken off.
 *
 * With `prefix`, only the tensors whose names begin with it count, without it: for files that hold several networks.
 *
 * @throws WeightsError  no name begins with `prefix`
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
    `weights: no tensor's name begins with ${JSON.stringify(prefix)}, the first is ${JSON.stringify(first ?? '')}. ` +
      'List them with `raycam weights info FILE --tensors`',
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
