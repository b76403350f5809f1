/** Weights for the page: lists them, serves the files, and pulls those that this computer does not have yet. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { basename, dirname } from 'node:path';
import sirv from 'sirv';
import { messageOf } from '../errors/index.ts';
import { openHead } from '../nn/head_file.ts';
import type { PullState, Site, SiteHead, SiteModel } from '../web/shared/site.ts';
import { fileSha256 } from '../weights/cache.ts';
import { detectArchitecture } from '../weights/check_state_dict.ts';
import { openWeights } from '../weights/open_weights.ts';
import { type PullProgress, pullWeights } from '../weights/pull.ts';
import { toStateDict } from '../weights/state_dict.ts';
import { zooEntry } from '../weights/zoo.ts';
import { cachedWeights, describeFolder, siteModels } from './describe_site.ts';

export interface WeightsDeskOptions {
  /** The built page. */
  readonly folder: string;
  readonly cacheDir: string;
  /** The network that the page opens; that of the head by default. */
  readonly model?: string;
  /** The user's own weights file. */
  readonly weightsFile?: string;
  /** The user's own head, preferred over those of the page. */
  readonly headFile?: string;
  readonly offline?: boolean;
  /** Aborts pulls. */
  readonly signal?: AbortSignal;
  readonly onPull?: (progress: PullProgress) => void;
  readonly onPullEnd?: () => void;
}

export interface FileRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly otherwise: () => void;
}

const IDLE: PullState = { state: 'idle', receivedBytes: 0, totalBytes: 0 };

export class WeightsDesk {
  /** Paths of the files that may be requested, by name. */
  private readonly paths = new Map<string, string>();
  private readonly pulls = new Map<string, PullState>();
  private readonly senders = new Map<string, ReturnType<typeof sirv>>();
  private own: SiteModel | undefined;
  private head: SiteHead | undefined;

  constructor(private readonly options: WeightsDeskOptions) {}

  /** Describes what the site offers now. */
  async describe(): Promise<Site> {
    const { folder, cacheDir, weightsFile, headFile, offline } = this.options;
    const cached = await cachedWeights(cacheDir);
    const models = siteModels(cached);
    for (const { path } of cached.values()) this.paths.set(basename(path), path);
    if (weightsFile) this.own ??= await describeFile(weightsFile);
    if (this.own) this.paths.set(this.own.file, weightsFile!);
    if (headFile) this.head ??= await describeHead(headFile);
    if (this.head) this.paths.set(this.head.name, headFile!);
    const site = await describeFolder(folder);
    const heads = this.head ? [this.head, ...site.heads] : site.heads;
    const known = models.find(({ id }) => id === heads[0]?.backbone)?.id;
    return {
      ...site,
      heads,
      model: this.own?.id ?? this.options.model ?? known ?? site.model,
      models: this.own ? [this.own, ...models] : models,
      weightsUrl: 'weights/',
      isLocal: true,
      canPull: !offline,
    };
  }

  async pullState(id: string): Promise<PullState> {
    return this.pulls.get(id) ?? IDLE;
  }

  /** Starts a pull unless it is already running. */
  async pull(id: string): Promise<PullState> {
    try {
      zooEntry(id);
    } catch (error) {
      return { ...IDLE, state: 'failed', message: messageOf(error) };
    }
    if (this.pulls.get(id)?.state !== 'pulling') void this.run(id);
    return this.pullState(id);
  }

  /** Sends a weights file or head; supports range requests. */
  send(file: string, { request, response, otherwise }: FileRequest): void {
    const path = this.paths.get(file);
    if (!path) {
      otherwise();
      return;
    }
    const folder = dirname(path);
    const sender = this.senders.get(folder) ?? sirv(folder, { dev: true, etag: true });
    this.senders.set(folder, sender);
    request.url = `/${encodeURIComponent(file)}`;
    sender(request, response, otherwise);
  }

  private async run(id: string): Promise<void> {
    const { cacheDir, offline, signal, onPull, onPullEnd } = this.options;
    let last: PullState = { ...IDLE, state: 'pulling' };
    this.pulls.set(id, last);
    try {
      const { path } = await pullWeights(id, {
        cacheDir,
        offline,
        signal,
        onProgress: progress => {
          const { receivedBytes, totalBytes = 0 } = progress;
          last = { state: 'pulling', receivedBytes, totalBytes };
          this.pulls.set(id, last);
          onPull?.(progress);
        },
      });
      this.paths.set(basename(path), path);
      this.pulls.set(id, { ...last, state: 'here' });
    } catch (error) {
      this.pulls.set(id, { ...last, state: 'failed', message: messageOf(error) });
    } finally {
      onPullEnd?.();
    }
  }
}

/** Describes the user's own head. @throws InputError  the file does not exist, or is not a head */
async function describeHead(path: string): Promise<SiteHead> {
  const { metadata } = await openHead(path);
  const name = basename(path);
  return { name, url: `head/${encodeURIComponent(name)}`, backbone: metadata.backbone };
}

/** Describes the user's own weights file. @throws WeightsError  the file does not contain a ResNet */
async function describeFile(path: string): Promise<SiteModel> {
  const weights = await openWeights(path);
  try {
    const file = basename(path);
    const architecture = detectArchitecture(toStateDict(weights.tensors, undefined, file).stateDict, file);
    return {
      id: `file:${file}`,
      architecture,
      note: 'a file of your own',
      licence: 'unknown: see the origin of the file',
      file,
      sizeBytes: weights.sizeBytes,
      sha256: await fileSha256(path),
      isHere: true,
    };
  } finally {
    await weights.close();
  }
}
