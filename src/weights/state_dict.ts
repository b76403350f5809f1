/** Finds the ResNet in a file, and translates its tensor names to torchvision's. */
import { WeightsError } from '../errors/index.ts';
import { moveClassifier } from './classifier.ts';
import { type KerasScheme, kerasScheme, kerasToTorchvision } from './keras_names.ts';
import { renamed, type StateDict, type TensorEntry } from './tensor_entry.ts';

/** The naming scheme of a file's tensors. */
export type TensorNames = 'torchvision' | 'sequential' | 'transformers' | KerasScheme;

export interface NamedStateDict {
  readonly stateDict: StateDict;
  readonly names: TensorNames;
  /** Names of the file's tensors that are not under the network's prefix, and are not its classifier. */
  readonly unused: readonly string[];
  /** Why the network has no `fc`. Undefined if it has one, or if the file has no classifier at all. */
  readonly classifierProblem?: string;
}

/** A place in a file where a ResNet starts. */
interface Place {
  readonly prefix: string;
  readonly names: Exclude<TensorNames, KerasScheme>;
}

/** For each scheme, a tensor of the stem and one of the last layer: together they are found only in a ResNet. */
const STEMS = [
  { names: 'torchvision', stem: /^(.*\.|)conv1\.weight$/, last: 'layer4.0.conv1.weight' },
  { names: 'sequential', stem: /^(.*\.|)0\.weight$/, last: '7.0.conv1.weight' },
  {
    names: 'transformers',
    stem: /^(.*\.|)embedder\.embedder\.convolution\.weight$/,
    last: 'encoder.stages.3.layers.0.layer.0.convolution.weight',
  },
] as const;

const USUAL_PREFIXES = ['module.', '_orig_mod.', 'model.', 'backbone.'];

/** Names of the modules of a torchvision ResNet in `Sequential(*resnet.children())`. */
const SEQUENTIAL = ['conv1', 'bn1', '', '', 'layer1', 'layer2', 'layer3', 'layer4', '', 'fc', 'fc'];

/**
 * Returns the tensors under torchvision's names. Finds the network under any prefix, and translates the names of Keras,
 * of Hugging Face's transformers, and of a Sequential that consists of a ResNet's children. The classifier becomes `fc`.
 *
 * With `prefix`, selects only the tensors whose names start with it, and removes it. This is for files that contain
 * several networks. `fileName` is for messages.
 *
 * @throws WeightsError  no name starts with `prefix`, or the file contains several networks
 */
export function toStateDict(tensors: StateDict, prefix = '', fileName = ''): NamedStateDict {
  const chosen = prefix === '' ? tensors : withPrefix(tensors, prefix);
  const scheme = kerasScheme(chosen);
  if (scheme !== undefined) return { stateDict: kerasToTorchvision(chosen), names: scheme, unused: [] };
  const places = placesIn(chosen);
  if (places.length > 1) throw several(places, prefix, fileName);
  const [place] = places;
  if (place === undefined) return { stateDict: withoutUsualPrefixes(chosen), names: 'torchvision', unused: [] };
  const inside = new Map<string, TensorEntry>();
  const outside: TensorEntry[] = [];
  for (const entry of chosen.values()) {
    const isInside = entry.name.startsWith(place.prefix);
    const name = isInside ? translated(entry.name.slice(place.prefix.length), place.names) : undefined;
    if (name === undefined) outside.push(entry);
    else inside.set(name, renamed(entry, name));
  }
  return { ...moveClassifier(inside, outside), names: place.names };
}

function withPrefix(tensors: StateDict, prefix: string): StateDict {
  const chosen = [...tensors.values()].filter(({ name }) => name.startsWith(prefix));
  if (chosen.length > 0) {
    return new Map(
      chosen.map(entry => {
        const name = entry.name.slice(prefix.length);
        return [name, renamed(entry, name)];
      }),
    );
  }
  const [first] = tensors.keys();
  throw new WeightsError(
    `weights: no tensor name starts with ${JSON.stringify(prefix)} (the first is ${JSON.stringify(first ?? '')}). ` +
      'List the names with `raycam weights info FILE --tensors`',
  );
}

/** Removes the prefixes that all names share from a network that is not a ResNet. */
function withoutUsualPrefixes(tensors: StateDict): StateDict {
  const names = [...tensors.keys()];
  const shared = USUAL_PREFIXES.find(prefix => names.length > 0 && names.every(name => name.startsWith(prefix)));
  return shared === undefined ? tensors : withoutUsualPrefixes(withPrefix(tensors, shared));
}

function placesIn(tensors: StateDict): Place[] {
  const places: Place[] = [];
  for (const name of tensors.keys()) {
    for (const { names, stem, last } of STEMS) {
      const prefix = stem.exec(name)?.[1];
      if (prefix !== undefined && tensors.has(prefix + last)) places.push({ prefix, names });
    }
  }
  return places;
}

const PREFIXES_SHOWN = 8;

function several(places: readonly Place[], given: string, fileName: string): WeightsError {
  const prefixes = places.map(({ prefix }) => JSON.stringify(given + prefix));
  const more = prefixes.length > PREFIXES_SHOWN ? ` and ${prefixes.length - PREFIXES_SHOWN} more` : '';
  return new WeightsError(
    `weights: ${fileName}: contains ${places.length} networks (under ${prefixes.slice(0, PREFIXES_SHOWN).join(', ')}${more}). Choose one with --prefix`,
  );
}

/** Returns torchvision's name, or undefined for a tensor that is not part of a ResNet in this scheme. */
function translated(name: string, names: Place['names']): string | undefined {
  if (names === 'sequential') {
    const [index = '', ...rest] = name.split('.');
    const module = /^\d+$/.test(index) ? SEQUENTIAL[Number(index)] : undefined;
    return module ? [module, ...rest].join('.') : undefined;
  }
  return names === 'transformers' ? fromTransformers(name) : name;
}

function fromTransformers(name: string): string | undefined {
  const stem = /^embedder\.embedder\.(convolution|normalization)\.(\w+)$/.exec(name);
  if (stem) return `${stem[1] === 'convolution' ? 'conv1' : 'bn1'}.${stem[2]}`;
  const inner =
    /^encoder\.stages\.(\d+)\.layers\.(\d+)\.(shortcut|layer\.\d+)\.(convolution|normalization)\.(\w+)$/.exec(name);
  if (!inner) return undefined;
  const [, stage, block, part, kind, value] = inner;
  const path = `layer${Number(stage) + 1}.${block}`;
  if (part === 'shortcut') return `${path}.downsample.${kind === 'convolution' ? 0 : 1}.${value}`;
  return `${path}.${kind === 'convolution' ? 'conv' : 'bn'}${Number(part!.slice('layer.'.length)) + 1}.${value}`;
}
