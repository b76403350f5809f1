/**
 * Types of `raycam.json`, which says what a copy of the page offers. `raycam serve` or `npm run build:web` writes it.
 */
import type { ResNetArchitecture } from '../../weights/resnet_shapes.ts';

export interface SiteModel {
  readonly id: string;
  readonly architecture: ResNetArchitecture;
  readonly note: string;
  readonly licence: string;
  /** Name of the weights file; several networks may share one. */
  readonly file: string;
  /** Size of `file`; 0 if unknown before the download. */
  readonly sizeBytes: number;
  /** 64 hexadecimal digits, or the known leading ones; empty if unknown. */
  readonly sha256: string;
  /** Whether the site has the file now. If not, `canPull` says whether it can download it. */
  readonly isHere: boolean;
}

export interface SiteImage {
  readonly name: string;
  /** A radiologist's label, and the name of the folder that contains the image. */
  readonly label: string;
  /** Split of the sample. No bundled head was trained on `test`. */
  readonly split: 'train' | 'test';
  readonly url: string;
  readonly sha256: string;
}

export interface SiteHead {
  readonly name: string;
  readonly url: string;
  /** The backbone whose features it was trained on. */
  readonly backbone: string;
}

export interface Site {
  readonly version: string;
  /** Id of the network to open by default. */
  readonly model: string;
  readonly models: readonly SiteModel[];
  readonly heads: readonly SiteHead[];
  readonly images: readonly SiteImage[];
  /** Folder of the weights, relative to the page, such as `weights/`. */
  readonly weightsUrl: string;
  /** Whether the weights are on this computer. If so, the page opens them without asking. */
  readonly isLocal: boolean;
  /** Whether `POST pull/ID` makes the server fetch weights. */
  readonly canPull: boolean;
}

/** The answer to `GET pull/ID`. */
export interface PullState {
  readonly state: 'idle' | 'pulling' | 'here' | 'failed';
  readonly receivedBytes: number;
  readonly totalBytes: number;
  readonly message?: string;
}
