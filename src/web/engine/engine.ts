/** What the worker owns: the device, the network, the head, and decoded images. */
import { blobSource, type DecodedImage, decodeImage } from '#platform';
import { Observer } from '../../observe/observer.ts';
import { DeviceError, InputError } from '../../errors/index.ts';
import { buildNetwork, type Network } from '../../inference/network.ts';
import { Head } from '../../nn/head.ts';
import type { HeadFile } from '../../nn/head_file.ts';
import type { Tuning } from '../../nn/tuning.ts';
import { backboneOfEntry, backboneOfFile } from '../../weights/backbone.ts';
import { openWeightsSource } from '../../weights/open_weights.ts';
import { RESNET_LAYOUTS } from '../../weights/resnet_shapes.ts';
import { ZOO } from '../../weights/zoo.ts';
import type { Site } from '../site.ts';
import { readImage } from '../state/image_store.ts';
import { findHead, isHeadOf, requireHeadOf } from './heads.ts';
import { obtainWeights } from './obtain_weights.ts';
import type { EngineChoice, EngineStatus } from './protocol.ts';
import { describeTuning, readTuning } from './tunings.ts';

/** A device that is lost again so soon is not opened a second time. */
const LOST_AGAIN_MS = 60_000;

/** Decoded images kept; one of 2,000 x 1,500 pixels takes 9 MB. */
const KEPT_IMAGES = 8;

interface Opened {
  readonly choice: EngineChoice;
  readonly network: Network;
  /** Stands before the device: times it, and knows what it ran. */
  readonly observer: Observer;
  /** What is kept of its adapter, whether or not it is in force. */
  readonly tuning?: Tuning;
  head?: Head;
  headFile?: HeadFile;
}

export class Engine {
  /** Set by `start`. */
  site: Site | undefined;
  /** Where the page lies; addresses of the site are relative to it. */
  baseUrl = '';
  private opened: Opened | undefined;
  private epoch = 0;
  private lost: string | undefined;
  private recoveredMs = Number.NEGATIVE_INFINITY;
  private readonly images = new Map<string, DecodedImage>();
  private readonly cleanups = new Set<() => void>();

  /** `onLost` is told at once of a device that went by itself. */
  constructor(
    private readonly post: (status: EngineStatus) => void,
    private readonly onLost: () => void,
  ) {}

  /** @throws DeviceError  none is open */
  get network(): Network {
    if (!this.opened) throw new DeviceError('engine: no network is open yet. Choose one under Weights');
    return this.opened.network;
  }

  /** Of the device that is open. @throws DeviceError  none is */
  get observer(): Observer {
    void this.network;
    return this.opened!.observer;
  }

  /** Of WebAssembly, as the page asked for. */
  get threads(): number | undefined {
    return this.opened?.choice.threads;
  }

  /** Opens the adapter that is in use once more: for a bench, which has a device of its own. */
  get sameAdapter(): Pick<EngineChoice, 'adapter' | 'threads'> {
    const { kind } = this.network.device.adapter;
    return { adapter: kind === 'software' ? 'swiftshader' : kind, threads: this.threads };
  }

  /** @throws InputError  none fits the network */
  get head(): Head {
    if (this.opened?.head) return this.opened.head;
    throw new InputError(
      `head: none of the heads here was trained on ${this.network.backbone.id}. Train one, or open its file`,
    );
  }

  get headFile(): HeadFile | undefined {
    return this.opened?.headFile;
  }

  setStatus(status: EngineStatus): void {
    this.post(status);
  }

  /** Called before the network or the head changes: frees what a method keeps from call to call. */
  onChange(cleanup: () => void): void {
    this.cleanups.add(cleanup);
  }

  /**
   * Gets the weights, opens the device and puts them onto it; `ready` afterwards. A head that was in use stays where it fits.
   *
   * @throws what stood in the way
   */
  async open(choice: EngineChoice, signal?: AbortSignal): Promise<void> {
    const used = this.opened?.headFile;
    await this.close();
    try {
      const observer = new Observer();
      const built = await this.build(choice, observer, signal);
      const { network } = built;
      const opened: Opened = { choice, observer, ...built };
      this.opened = opened;
      this.lost = undefined;
      void network.device.lost.then(({ message }) => {
        if (this.opened !== opened) return;
        this.lost = message || 'no reason was given';
        this.onLost();
      });
      const file = used && isHeadOf(used, network) ? used : await findHead(this.site!, this.baseUrl, network);
      if (file) this.useHead(file);
      else this.announce();
    } catch (error) {
      if (signal?.aborted) this.setStatus({ state: 'empty' });
      else this.setStatus({ state: 'failed', message: (error as Error).message, choice });
      throw error;
    }
  }

  /** @throws InputError  it was trained on other features */
  useHead(file: HeadFile): void {
    const { network } = this;
    requireHeadOf(file, network);
    this.cleanUp();
    this.opened!.head?.dispose();
    this.opened!.head = new Head(network.device, file.head);
    this.opened!.headFile = file;
    this.announce();
  }

  async close(): Promise<void> {
    const { opened } = this;
    this.cleanUp();
    this.opened = undefined;
    await opened?.network.dispose();
  }

  /** An image by its hash, decoded. @throws InputError  it is not on this computer */
  async image(hash: string): Promise<DecodedImage> {
    const kept = this.images.get(hash);
    if (kept) return kept;
    const stored = await readImage(hash);
    if (!stored)
      throw new InputError('image: the X-ray of this link is not on this computer. Drop its file here to see it');
    const bytes = new Uint8Array(await stored.blob.arrayBuffer());
    return this.keepImage(hash, await decodeImage(bytes, stored.name));
  }

  keepImage(hash: string, image: DecodedImage): DecodedImage {
    if (this.images.size >= KEPT_IMAGES) this.images.delete(this.images.keys().next().value!);
    this.images.set(hash, image);
    return image;
  }

  /** Runs a call; where the device was lost under it, opens the network again, once, and runs it again. */
  async guard(work: () => Promise<unknown>): Promise<unknown> {
    const before = this.opened;
    try {
      if (this.lost) throw new DeviceError(`device: it was lost (${this.lost})`);
      return await work();
    } catch (error) {
      await new Promise(resolve => setTimeout(resolve)); // `lost` settles after the failure it causes
      if (!this.lost || !before || this.opened !== before) throw error;
      return this.recover(before.choice, work);
    }
  }

  private async recover(choice: EngineChoice, work: () => Promise<unknown>): Promise<unknown> {
    const reason = this.lost!;
    if (performance.now() - this.recoveredMs < LOST_AGAIN_MS) {
      const message = `device: it was lost twice (${reason}). Close other programs that use the GPU, or choose the adapter WebAssembly`;
      await this.close();
      this.lost = undefined;
      this.setStatus({ state: 'failed', message, choice });
      throw new DeviceError(message);
    }
    this.recoveredMs = performance.now();
    this.setStatus({ state: 'recovering', message: `The device was lost (${reason}). It is being opened again.` });
    await this.open(choice);
    return work();
  }

  private async build(
    choice: EngineChoice,
    observer: Observer,
    signal?: AbortSignal,
  ): Promise<Pick<Opened, 'network' | 'tuning'>> {
    const { file, entry, blob, sha256 } = await obtainWeights(this, choice, signal);
    const weights = await openWeightsSource(blobSource(file, blob));
    const known = entry ?? ZOO.find(({ id }) => id === choice.model);
    const backbone = known ? backboneOfEntry(known, weights, sha256) : backboneOfFile(weights, sha256);
    let tuning: Tuning | undefined;
    const network = await buildNetwork(backbone, {
      adapter: choice.adapter,
      threads: choice.threads,
      observe: observer.attach,
      recovers: false, // a device that is lost is `guard`'s to replace, with all that hangs on it, whichever call met the loss
      tuningFor: async adapter => {
        tuning = await readTuning(adapter);
        return choice.isUntuned ? undefined : tuning;
      },
      onLoad: (done, total) => this.setStatus({ state: 'loading', choice, step: 'upload', done, total }),
    });
    network.device.encodesAhead = false; // its passes are watched
    return { network, tuning };
  }

  private announce(): void {
    const { choice, network, headFile, tuning } = this.opened!;
    const { backbone, device } = network;
    const { id, architecture, note, licence, weightsHash } = backbone;
    this.setStatus({
      state: 'ready',
      epoch: ++this.epoch,
      choice,
      model: {
        id,
        architecture,
        note,
        licence,
        weightsHash,
        featureCount: RESNET_LAYOUTS[architecture].features,
      },
      head: headFile && { name: headFile.name, classes: headFile.head.classes },
      adapter: {
        kind: device.adapter.kind,
        description: device.adapter.description,
        threads: threadsOf(device.adapter),
      },
      tuning: tuning && describeTuning(tuning, backbone),
    });
  }

  private cleanUp(): void {
    for (const cleanup of this.cleanups) cleanup();
    this.cleanups.clear();
  }
}

/** The WebAssembly device says in its description how many there are. */
function threadsOf({ kind, description }: { readonly kind: string; readonly description: string }): number | undefined {
  if (kind !== 'wasm') return undefined;
  return Number(/(\d+) threads?/.exec(description)?.[1] ?? 0);
}
