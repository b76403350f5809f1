/** From the names of a file to torchvision's. */
import { type KerasScheme, kerasScheme, kerasToTorchvision } from './keras_names.ts';
import { renamed, type StateDict } from './tensor_entry.ts';

/** Left by DataParallel, and by those who keep the network in an attribute. */
const PREFIXES = ['module.', 'model.', 'backbone.'];

/** Whose names the tensors of a file have. */
export type TensorNames = 'torchvision' | KerasScheme;

export interface NamedStateDict {
  readonly stateDict: StateDict;
  readonly names: TensorNames;
}

/** The tensors under torchvision's names: Keras' are translated, a prefix that all names share is taken off. */
export function toStateDict(tensors: StateDict): NamedStateDict {
  const scheme = kerasScheme(tensors);
  if (scheme !== undefined) return { stateDict: kerasToTorchvision(tensors), names: scheme };
  return { stateDict: withoutPrefix(tensors), names: 'torchvision' };
}

function withoutPrefix(tensors: StateDict): StateDict {
  const names = [...tensors.keys()];
  const prefix = PREFIXES.find(candidate => names.length > 0 && names.every(name => name.startsWith(candidate)));
  if (prefix === undefined) return tensors;
  return new Map(
    [...tensors.values()].map(entry => {
      const name = entry.name.slice(prefix.length);
      return [name, renamed(entry, name)];
    }),
  );
}
