/** A weights file together with all that running it takes. */
import { UsageError } from '../errors/index.ts';
import { checkStateDict, detectArchitecture } from './check_state_dict.ts';
import { KERAS_EPS } from './keras_names.ts';
import { deepen } from './net2net.ts';
import { PREPROCESSINGS, type Preprocessing, type PreprocessingName } from './preprocessing.ts';
import type { ResNetArchitecture, StrideOn } from './resnet_shapes.ts';
import { type TensorNames, toStateDict } from './state_dict.ts';
import type { StateDict, WeightsFile } from './tensor_entry.ts';
import { ZOO, type ZooEntry } from './zoo.ts';

/** A checked network: its tensors, read when asked for, and what the file cannot say. */
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
   * SHA-256 of the file the tensors come from: for a deepened network, of its source; for a model of several files, of all end to end;
   * with a prefix, of both.
   */
  readonly weightsHash: string;
  readonly licence: string;
  readonly note: string;
  close(): Promise<void>;
}

/** What the caller says about a file; the rest follows from the file's names, or is torchvision's. */
export interface FileOptions {
  readonly arch?: ResNetArchitecture;
  readonly strideOn?: StrideOn;
  readonly preprocess?: PreprocessingName;
  /** Takes the tensors whose names begin with it, and takes it off: `backbone.`, `student.` */
  readonly prefix?: string;
}

/** The key under which a converted file keeps its zoo id. */
export const METADATA_BACKBONE = 'backbone';

/** The key under which a converted file keeps whose names its tensors had before. */
export const METADATA_NAMES = 'names';

/** What networks with such names are run with, unless something better is known. */
const CONVENTIONS: Readonly<Record<TensorNames, Pick<Backbone, 'strideOn' | 'eps' | 'preprocessing'>>> = {
  torchvision: { strideOn: '3x3', eps: 1e-5, preprocessing: PREPROCESSINGS.torchvision },
  caffe: { strideOn: '1x1', eps: KERAS_EPS.caffe, preprocessing: PREPROCESSINGS.caffe },
  applications: { strideOn: '1x1', eps: KERAS_EPS.applications, preprocessing: PREPROCESSINGS.caffe },
};

/** A zoo entry's file, open. @throws WeightsError  its tensors are not the network's */
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
 * Any weights file, open. One that Raycam converted knows its zoo entry, or whose names it had; Keras' names mean the caffe preprocessing
 * and the stride on the 1x1; all else is taken for torchvision's. `options` override each.
 *
 * @throws WeightsError  its tensors are not a ResNet's, or not those of `options.arch`
 */
export function backboneOfFile(file: WeightsFile, weightsHash: string, options: FileOptions = {}): Backbone {
  const { stateDict, names } = toStateDict(file.tensors, options.prefix);
  const architecture = options.arch ?? detectArchitecture(stateDict, file.name);
  checkStateDict(stateDict, architecture, file.name);
  const entry = ZOO.find(known => known.id === file.metadata[METADATA_BACKBONE] && known.architecture === architecture);
  const convention = entry ?? CONVENTIONS[namesOf(file.metadata) ?? names];
  const id = entry?.id ?? `file:${file.name}`;
  return {
    id,
    architecture,
    strideOn: options.strideOn ?? convention.strideOn,
    eps: convention.eps,
    preprocessing: options.preprocess ? PREPROCESSINGS[options.preprocess] : convention.preprocessing,
    stateDict,
    featuresOf: entry?.featuresOf ?? id,
    weightsHash,
    licence: entry?.licence ?? 'unknown: it comes with the file',
    note: entry?.note ?? '',
    close: () => file.close(),
  };
}

function namesOf(metadata: WeightsFile['metadata']): TensorNames | undefined {
  const names = metadata[METADATA_NAMES];
  return names !== undefined && Object.hasOwn(CONVENTIONS, names) ? (names as TensorNames) : undefined;
}

/** @throws UsageError  both a zoo id and a file were given */
export function checkOneSource(options: { readonly id?: string; readonly file?: string }): void {
  if (options.id === undefined || options.file === undefined) return;
  throw new UsageError(
    `backbone: both ${options.id} and the file ${options.file} were asked for. Give --backbone or --weights, not both`,
  );
}
