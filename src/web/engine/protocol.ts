/** What the page and the engine worker say to one another; see docs/page.md. */
import type { AdapterChoice, AdapterKind } from '../../runtime/adapter.ts';
import type { ResNetArchitecture } from '../../weights/resnet_shapes.ts';

export type ToEngine =
  | { readonly call: number; readonly method: string; readonly input: unknown }
  | { readonly cancel: number };

export type FromEngine =
  | { readonly call: number; readonly result: unknown }
  | { readonly call: number; readonly progress: unknown }
  | { readonly call: number; readonly failure: Failure }
  | { readonly status: EngineStatus };

/** An error as it crosses over: `name` is the class of src/errors, or AbortError. */
export interface Failure {
  readonly name: string;
  readonly message: string;
}

/** What the engine runs, or is about to. */
export interface EngineChoice {
  /** A zoo id, or `file:NAME` for weights that the reader picked. */
  readonly model: string;
  readonly adapter: AdapterChoice;
  readonly threads?: number;
  /** Leaves out what was measured of the adapter. */
  readonly isUntuned?: boolean;
}

export interface ModelInfo {
  readonly id: string;
  readonly architecture: ResNetArchitecture;
  readonly note: string;
  readonly licence: string;
  readonly weightsHash: string;
  /** F, the length of a feature vector. */
  readonly featureCount: number;
}

export interface HeadInfo {
  readonly name: string;
  readonly classes: readonly string[];
}

export interface AdapterInfo {
  readonly kind: AdapterKind;
  readonly description: string;
  /** Of the WebAssembly device; 0 means that it computes inside the engine worker. */
  readonly threads?: number;
}

/** What this browser keeps of the adapter; nothing of it is in force where the choice is untuned. */
export interface TuningInfo {
  /** In its file, of whatever network. */
  readonly convolutions: number;
  /** Convolutions of the open network, those of one size counted once, and how many of them are in the file. */
  readonly ofNetwork: { readonly total: number; readonly tuned: number };
  /** Sums over `tuned`, in milliseconds: with the tuning and without it. */
  readonly ms: number;
  readonly untunedMs: number;
}

/** Where a network is on its way: from its publisher to the site, from there into this browser (or read there), onto the device. */
export type LoadStep = 'pull' | 'fetch' | 'check' | 'upload';

/**
 * `empty`: no network is open, and none is being fetched: the reader must choose.
 * `loading`: blocks in `upload`, bytes before.
 * `recovering`: the device was lost, and is opened again, once.
 * `failed`: nothing can be computed; `message` is a sentence, `choice` what to try again.
 */
export type EngineStatus =
  | { readonly state: 'starting' }
  | { readonly state: 'empty' }
  | {
      readonly state: 'loading';
      readonly choice: EngineChoice;
      readonly step: LoadStep;
      readonly done: number;
      readonly total: number;
      /** While fetching, once it can be told. */
      readonly secondsLeft?: number;
    }
  | {
      readonly state: 'ready';
      /** Counts the networks opened: results of an earlier epoch are void. */
      readonly epoch: number;
      readonly choice: EngineChoice;
      readonly model: ModelInfo;
      /** Absent where no head fits: there are activations then, and no verdict. */
      readonly head?: HeadInfo;
      readonly adapter: AdapterInfo;
      /** Absent where the adapter was never tuned here. */
      readonly tuning?: TuningInfo;
    }
  | { readonly state: 'recovering'; readonly message: string }
  | { readonly state: 'failed'; readonly message: string; readonly choice?: EngineChoice };
