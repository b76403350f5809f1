/** The state of the page's worker: the device, the network, the head, and decoded images. */
import { blobSource, type DecodedImage, decodeImage } from '#platform';
import { DeviceError, InputError } from '../../errors/index.ts';
import { buildNetwork, isLost, type Network } from '../../inference/network.ts';
import { recovering } from '../../inference/recovery.ts';
import { Head } from '../../nn/head.ts';
import type { HeadFile } from '../../nn/head_file.ts';
import type { Tuning } from '../../nn/tuning.ts';
import { Observer } from '../../observe/observer.ts';
import { backboneOfEntry, backboneOfFile } from '../../weights/backbone.ts';
import { openWeightsSource } from '../../weights/open_weights.ts';
import { RESNET_LAYOUTS } from '../../weights/resnet_shapes.ts';
import { ZOO } from '../../weights/zoo.ts';
import { readImage } from '../shared/image_store.ts';
import type { Site } from '../shared/site.ts';
import { findHead, isHeadOf, requireHeadOf } from './heads.ts';
import { obtainWeights } from './obtain_weights.ts';
import type { EngineChoice, EngineStatus } from './protocol.ts';
import { describeTuning, readTuning } from './tunings.ts';

/** A device that is lost again within this time is not reopened. */
const LOST_AGAIN_MS = 60_000;

/** Number of decoded images to cache. An image of 2,000 x 1,500 pixels takes 9 MB. */
const KEPT_IMAGES = 8;

interface Opened {
  readonly choice: EngineChoice;
  readonly openedMs: number;
  readonly network: Network;
  /** The adapter's stored tuning, whether or not it is in use. */
  readonly tuning?: Tuning;
  head?: Head;
  headFile?: HeadFile;
}

export class Engine {
  /** Set by `start`. */
  site: Site | undefined;
  /** The page's URL; the site's URLs are relative to it. */
  baseUrl = '';
  private opened: Opened | undefined;
  private generation = 0;
  /** The observer of the device that was opened last. Times the dispatches of this device. */
  private latestObserver = new Observer();
  private readonly images = new Map<string, DecodedImage>();
  private readonly cleanups = new Set<() => void>();

  /** `onLost` is called as soon as a device that the engine did not close is lost. */
  constructor(
    private readonly post: (status: EngineStatus) => void,
    private readonly onLost: () => void,
  ) {}

  /** The open network. @throws DeviceError  no network is open */
  get network(): Network {
    if (!this.opened) throw new DeviceError('engine: no network is open yet. Choose one under Weights');
    return this.opened.network;
  }

  /** The open device's observer. @throws DeviceError  no network is open */
  get observer(): Observer {
    void this.network;
    return this.latestObserver;
  }

  /** Number of WebAssembly threads that the page requested. */
  get threads(): number | undefined {
    return this.opened?.choice.threads;
  }

  /** Options that open the adapter in use a second time, so that a bench has a device of its own. */
  get sameAdapter(): Pick<EngineChoice, 'adapter' | 'threads'> {
    const { kind } = this.network.device.adapter;
    return { adapter: kind === 'software' ? 'swiftshader' : kind, threads: this.threads };
  }

  /** The head in use. @throws InputError  there is no head for the network */
  get head(): Head {
    if (this.opened?.head) return this.opened.head;
    throw new InputError(`head: no head was trained on ${this.network.backbone.id}. Train one, or open its file`);
  }

  get headFile(): HeadFile | undefined {
    return this.opened?.headFile;
  }

  setStatus(status: EngineStatus): void {
    this.post(status);
  }

  /**
   * Registers `cleanup`, which frees what a method keeps between calls. It runs before the network or the head changes.
   */
  onChange(cleanup: () => void): void {
    this.cleanups.add(cleanup);
  }

  /**
   * Fetches the weights, opens the device and uploads the weights to it. The status is `ready` afterwards. The head in
   * use stays in use if it fits the new network. Otherwise, the site's first head that fits is used, if there is one.
   *
   * @throws  the reason why the network could not be opened
   */
  async open(choice: EngineChoice, signal?: AbortSignal): Promise<void> {
    const used = this.opened?.headFile;
    await this.close();
    try {
      const opened: Opened = { choice, ...(await this.build(choice, signal)), openedMs: Date.now() };
      const { network } = opened;
      this.opened = opened;
      this.watch(network);
      const file = used && isHeadOf(used, network) ? used : await findHead(this.site!, this.baseUrl, network);
      if (file) this.useHead(file);
      else this.announce();
    } catch (error) {
      if (signal?.aborted) this.setStatus({ state: 'empty' });
      else this.setStatus({ state: 'failed', message: (error as Error).message, choice });
      throw error;
    }
  }

  /** Uses a head for verdicts from now on. @throws InputError  the head was trained on other features */
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

  /** Returns the decoded image that has this hash. @throws InputError  the image is not on this computer */
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

  /**
   * Runs a call. If the device is already lost, first rebuilds the network. If the device is lost during the call,
   * rebuilds the network and repeats the call once. If the device is still lost after that, closes the network.
   */
  async guard(work: () => Promise<unknown>): Promise<unknown> {
    const { opened } = this;
    if (!opened) return work();
    const { network, choice } = opened;
    try {
      return await recovering(network, async () => {
        if (isLost(network.device)) await network.rebuild!(network.device.lossDetail);
        return work();
      });
    } catch (error) {
      if (this.opened === opened && isLost(network.device)) {
        await this.close();
        this.setStatus({ state: 'failed', message: (error as Error).message, choice });
      }
      throw error;
    }
  }

  /** Prepares a network whose device is new. Calls `onLost` when that device is lost. */
  private watch(network: Network): void {
    const { device } = network;
    // The observer sees only passes that are encoded while it observes.
    device.encodesAhead = false;
    void device.lost.then(() => {
      if (this.opened?.network === network && network.device === device) this.onLost();
    });
  }

  /** Puts everything that was on the lost device onto the new one. */
  private resume(network: Network): void {
    this.watch(network);
    const { headFile } = this.opened!;
    if (headFile) this.useHead(headFile);
    else this.announce();
  }

  private async build(choice: EngineChoice, signal?: AbortSignal): Promise<Pick<Opened, 'network' | 'tuning'>> {
    const { file, entry, blob, sha256 } = await obtainWeights(this, choice, signal);
    const weights = await openWeightsSource(blobSource(file, blob));
    const known = entry ?? ZOO.find(({ id }) => id === choice.model);
    const backbone = known ? backboneOfEntry(known, weights, sha256) : backboneOfFile(weights, sha256);
    let tuning: Tuning | undefined;
    const network = await buildNetwork(backbone, {
      adapter: choice.adapter,
      threads: choice.threads,
      observe: gpu => {
        this.latestObserver = new Observer();
        return this.latestObserver.attach(gpu);
      },
      rebuildsAfterMs: LOST_AGAIN_MS,
      lostTwiceAdvice: 'Close other programs that use the GPU, or choose the adapter WebAssembly',
      onRebuild: reason => {
        this.cleanUp();
        this.setStatus({ state: 'recovering', message: `The device was lost (${reason}). Reopening it.` });
      },
      onRebuilt: rebuilt => this.resume(rebuilt),
      tuningFor: async adapter => {
        tuning = await readTuning(adapter);
        return choice.isUntuned ? undefined : tuning;
      },
      onLoad: (done, total) => this.setStatus({ state: 'loading', choice, step: 'upload', done, total }),
    });
    return { network, tuning };
  }

  private announce(): void {
    const { choice, openedMs, network, headFile, tuning } = this.opened!;
    const { backbone, device } = network;
    const { id, architecture, note, licence, weightsHash } = backbone;
    this.setStatus({
      state: 'ready',
      generation: ++this.generation,
      openedMs,
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
        threads: device.adapter.threads,
      },
      tuning: tuning && describeTuning(tuning, backbone),
    });
  }

  private cleanUp(): void {
    for (const cleanup of this.cleanups) cleanup();
    this.cleanups.clear();
  }
}
