/** The messages between the page and the engine worker; see docs/page.md. */
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

/** An error sent to the page. `name` is a class of src/errors, or AbortError. */
export interface Failure {
  readonly name: string;
  readonly message: string;
}

/** The network, the adapter and the options that the engine runs with. */
export interface EngineChoice {
  /** A zoo id, or `file:NAME` for weights that the visitor picked. */
  readonly model: string;
  readonly adapter: AdapterChoice;
  readonly threads?: number;
  /** Whether to ignore the adapter's tuning. */
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
  /** Threads of the WebAssembly device; 0 means that it computes in the engine worker. */
  readonly threads?: number;
}

/** The adapter's tuning that this browser stores. It is not in use if `choice.isUntuned`. */
export interface TuningInfo {
  /** Number of convolutions in its file, of any network. */
  readonly convolutions: number;
  /** Distinct sizes of the open network's convolutions, and how many of them the file contains. */
  readonly ofNetwork: { readonly total: number; readonly tuned: number };
  /** Sum over the `tuned` sizes with the tuning, in milliseconds; `untunedMs` is the sum without it. */
  readonly ms: number;
  readonly untunedMs: number;
}

/**
 * Steps of loading: `pull` from the publisher to the site, `fetch` into this browser, `check` a picked file, `upload`
 * to the device.
 */
export type LoadStep = 'pull' | 'fetch' | 'check' | 'upload';

/**
 * `empty`: no network is open or being fetched; the visitor must choose one.
 * `loading`: `done` and `total` count blocks in `upload`, and bytes before it.
 * `recovering`: the device was lost, and is being reopened, once.
 * `failed`: nothing can be computed; `message` is a sentence, `choice` is what to try again.
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
      /** While fetching, once there is an estimate. */
      readonly secondsLeft?: number;
    }
  | {
      readonly state: 'ready';
      /** Counts every change of network or head. Results of an earlier generation are void. */
      readonly generation: number;
      /** When the network was opened, which identifies it: its trainings end with it. Unchanged when a device is lost. */
      readonly openedMs: number;
      readonly choice: EngineChoice;
      readonly model: ModelInfo;
      /** Absent if no head fits; there are activations then, but no verdict. */
      readonly head?: HeadInfo;
      readonly adapter: AdapterInfo;
      /** Absent if this browser stores no tuning of the adapter. */
      readonly tuning?: TuningInfo;
    }
  | { readonly state: 'recovering'; readonly message: string }
  | { readonly state: 'failed'; readonly message: string; readonly choice?: EngineChoice };
