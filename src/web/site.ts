/** What a copy of the page offers: `raycam.json` beside it, written by `raycam serve` or by `npm run build:web`. */
import type { ResNetArchitecture } from '../weights/resnet_shapes.ts';

export interface SiteModel {
  readonly id: string;
  readonly architecture: ResNetArchitecture;
  readonly note: string;
  readonly licence: string;
  /** The file of its weights; several networks may share one. */
  readonly file: string;
  /** Of `file`; 0 where it is not known before it is fetched. */
  readonly sizeBytes: number;
  /** 64 hexadecimal digits, or as many as are known; empty where none are. */
  readonly sha256: string;
  /** Whether the site has the file now. If not, `canPull` says whether it can get it. */
  readonly isHere: boolean;
}

export interface SiteImage {
  readonly name: string;
  /** The folder it lies in: what a radiologist said of it. */
  readonly label: string;
  /** Of the sample: no bundled head was trained on `test`. */
  readonly split: 'train' | 'test';
  readonly url: string;
  readonly sha256: string;
}

export interface SiteHead {
  readonly name: string;
  readonly url: string;
  /** The backbone that it was trained on. */
  readonly backbone: string;
}

export interface Site {
  readonly version: string;
  /** Which network to open unless the address says. */
  readonly model: string;
  readonly models: readonly SiteModel[];
  readonly heads: readonly SiteHead[];
  readonly images: readonly SiteImage[];
  /** Where weights are, relative to the page: `weights/` and the file's name. */
  readonly weightsUrl: string;
  /** Whether weights lie on this computer: then they are opened without asking. */
  readonly isLocal: boolean;
  /** Whether `POST pull/ID` makes the server fetch weights. */
  readonly canPull: boolean;
}

/** What `GET pull/ID` answers. */
export interface PullState {
  readonly state: 'idle' | 'pulling' | 'here' | 'failed';
  readonly receivedBytes: number;
  readonly totalBytes: number;
  readonly message?: string;
}
