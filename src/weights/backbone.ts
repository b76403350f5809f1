/** A weights file, together with everything needed to run it. */
import { UsageError } from '../errors/index.ts';
import { checkStateDict, detectArchitecture } from './check_state_dict.ts';
import { checked as checkedClasses } from './checkpoint_classes.ts';
import { KERAS_EPS } from './keras_names.ts';
import { deepen } from './net2net.ts';
import { PREPROCESSINGS, type Preprocessing, type PreprocessingName } from './preprocessing.ts';
import type { ResNetArchitecture, StrideOn } from './resnet_shapes.ts';
import { type TensorNames, toStateDict } from './state_dict.ts';
import type { StateDict, WeightsFile } from './tensor_entry.ts';
import { ZOO, type ZooEntry } from './zoo.ts';

/** A checked network: its tensors, which are read on demand, and the properties that the file does not contain. */
export interface Backbone {
  /** The zoo's id, or `file:` and the file's name. */
  readonly id: string;
  readonly architecture: ResNetArchitecture;
  readonly strideOn: StrideOn;
  readonly eps: number;
  readonly preprocessing: Preprocessing;
  readonly stateDict: StateDict;
  /** Two backbones with the same value compute the same function. */
  readonly featuresOf: string;
  /**
   * SHA-256 of the file that contains the tensors. For a deepened network: of its source. For a model of several files:
   * of their concatenation. With a prefix: of the file's hash and the prefix.
   */
  readonly weightsHash: string;
  readonly licence: string;
  readonly note: string;
  /** What a user should know about the file, one clause each. */
  readonly notes?: readonly string[];
  /** The names of the network's own classes, in the order of its outputs, if the file has them. */
  readonly classes?: readonly string[];
  /** Why the network has no `fc`, if its file has a classifier of another kind. */
  readonly classifierProblem?: string;
  close(): Promise<void>;
}

/**
 * Properties of a file that the caller specifies. The others follow from the tensor names, or default to torchvision's.
 */
export interface FileOptions {
  readonly arch?: ResNetArchitecture;
  readonly strideOn?: StrideOn;
  readonly preprocess?: PreprocessingName;
  /** The preprocessing of a network of one's own. Its members replace those of `preprocess`, or of the default. */
  readonly preprocessing?: Partial<Preprocessing>;
  /** The number that the batch norms add to the variance. */
  readonly eps?: number;
  /** The names of the network's classes, in the order of its outputs. */
  readonly classes?: readonly string[];
  /** Use the averaged weights (EMA) that lie beside the state dict. */
  readonly ema?: boolean;
  /** Selects the tensors whose names start with it, and removes it: `backbone.`, `student.` */
  readonly prefix?: string;
}

/** Metadata key under which a converted file stores its zoo id. */
export const METADATA_BACKBONE = 'backbone';

/** Metadata key under which a converted file stores the original naming scheme. */
export const METADATA_NAMES = 'names';

const TORCHVISION = { strideOn: '3x3', eps: 1e-5, preprocessing: PREPROCESSINGS.torchvision } as const;

/** Default properties of networks with each naming scheme. */
const CONVENTIONS: Readonly<Record<TensorNames, Pick<Backbone, 'strideOn' | 'eps' | 'preprocessing'>>> = {
  torchvision: TORCHVISION,
  sequential: TORCHVISION,
  transformers: TORCHVISION,
  caffe: { strideOn: '1x1', eps: KERAS_EPS.caffe, preprocessing: PREPROCESSINGS.caffe },
  applications: { strideOn: '1x1', eps: KERAS_EPS.applications, preprocessing: PREPROCESSINGS.caffe },
};

/** Returns the backbone of a zoo entry from its open file. @throws WeightsError  the tensors are not the network's */
export function backboneOfEntry(entry: ZooEntry, file: WeightsFile, weightsHash: string): Backbone {
  const { id, architecture, strideOn, eps, preprocessing, featuresOf, licence, note } = entry;
  const given = toStateDict(file.tensors).stateDict;
  const isDeepened = entry.sources.some(source => source.kind === 'net2net');
  checkStateDict(given, isDeepened ? 'resnet50' : architecture, file.name);
  const stateDict = isDeepened ? deepen(given) : given;
  const close = () => file.close();
  return { id, architecture, strideOn, eps, preprocessing, stateDict, featuresOf, weightsHash, licence, note, close };
}

/**
 * Returns the backbone of any open weights file. A file that Raycam converted records its zoo entry or its original
 * naming scheme. Keras' names imply the caffe preprocessing and the stride on the 1x1. Everything else is treated as
 * torchvision's. `options` override each.
 *
 * @throws WeightsError  its tensors are not a ResNet's, or not those of `options.arch`
 * @throws UsageError    `options.preprocessing` crops more than it resizes to
 */
export function backboneOfFile(file: WeightsFile, weightsHash: string, options: FileOptions = {}): Backbone {
  const { stateDict, names, unused, classifierProblem } = toStateDict(file.tensors, options.prefix, file.name);
  const architecture = options.arch ?? detectArchitecture(stateDict, file.name);
  checkStateDict(stateDict, architecture, file.name);
  const entry = ZOO.find(known => known.id === file.metadata[METADATA_BACKBONE] && known.architecture === architecture);
  const convention = entry ?? CONVENTIONS[namesOf(file.metadata) ?? names];
  const id = entry?.id ?? `file:${file.name}`;
  return {
    id,
    architecture,
    strideOn: options.strideOn ?? convention.strideOn,
    eps: options.eps ?? convention.eps,
    preprocessing: preprocessingOf(options, convention.preprocessing),
    stateDict,
    featuresOf: entry?.featuresOf ?? id,
    weightsHash,
    licence: entry?.licence ?? 'unknown: see the origin of the file',
    note: entry?.note ?? '',
    notes: [...(file.notes ?? []), ...unusedNote(unused), ...inertNote(file.inertGlobals ?? [])],
    classes: options.classes ?? classesOf(file),
    classifierProblem,
    close: () => file.close(),
  };
}

function preprocessingOf({ preprocess, preprocessing: own }: FileOptions, byDefault: Preprocessing): Preprocessing {
  const preprocessing = { ...(preprocess ? PREPROCESSINGS[preprocess] : byDefault), ...own };
  const { resize, crop } = preprocessing;
  if (crop > resize) throw new UsageError(`preprocessing: crop must be at most resize (${resize}), got ${crop}`);
  return preprocessing;
}

const NAMES_SHOWN = 4;

function shown(names: readonly string[]): string {
  const more = names.length > NAMES_SHOWN ? ` and ${names.length - NAMES_SHOWN} more` : '';
  return names.slice(0, NAMES_SHOWN).join(', ') + more;
}

function unusedNote(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const count = names.length === 1 ? '1 tensor' : `${names.length} tensors`;
  return [`has ${count} that the network does not use (${shown(names)})`];
}

function inertNote(names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`names Python objects that are not run (${shown(names)})`];
}

/** The classes that lie beside the tensors, or those in the metadata of a safetensors file. */
function classesOf({ classes, metadata }: WeightsFile): readonly string[] | undefined {
  if (classes !== undefined || metadata.classes === undefined) return classes;
  try {
    const names: unknown = JSON.parse(metadata.classes);
    return Array.isArray(names) ? checkedClasses(names) : undefined;
  } catch {
    return undefined;
  }
}

function namesOf(metadata: WeightsFile['metadata']): TensorNames | undefined {
  const names = metadata[METADATA_NAMES];
  return names !== undefined && Object.hasOwn(CONVENTIONS, names) ? (names as TensorNames) : undefined;
}

/** Checks that at most one source is given. @throws UsageError  both a zoo id and a file */
export function checkOneSource(options: { readonly id?: string; readonly file?: string }): void {
  if (options.id === undefined || options.file === undefined) return;
  throw new UsageError(`use either --backbone or --weights, not both (got ${options.id} and ${options.file})`);
}
