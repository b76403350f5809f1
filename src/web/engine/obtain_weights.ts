/** Finds the weights of a model: in this browser's store, or on the site, which may have to download them first. */
import { WeightsError } from '../../errors/index.ts';
import { ZOO, type ZooEntry } from '../../weights/zoo.ts';
import type { PullState, Site, SiteModel } from '../shared/site.ts';
import type { EngineChoice, EngineStatus, LoadStep } from './protocol.ts';
import { findStored, keepStream, type StoredBlob } from './weights_store.ts';

const POLL_MS = 400;

export interface Obtained extends StoredBlob {
  readonly entry?: ZooEntry;
}

export interface Obtainer {
  readonly site: Site | undefined;
  readonly baseUrl: string;
  setStatus(status: EngineStatus): void;
}

/** Returns a model's weights. @throws WeightsError  they cannot be fetched; the signal's reason */
export async function obtainWeights(obtainer: Obtainer, choice: EngineChoice, signal?: AbortSignal): Promise<Obtained> {
  const entry = ZOO.find(({ id }) => id === choice.model);
  const model = obtainer.site!.models.find(({ id }) => id === choice.model);
  const file = model?.file ?? choice.model.replace(/^file:/, '');
  const stored = await findStored(file);
  if (stored?.sha256.startsWith(model?.sha256 ?? '')) return { ...stored, entry };
  if (!model)
    throw new WeightsError(
      `weights: ${choice.model} is neither stored in this browser nor offered by this site. Open its file under Weights`,
    );
  if (!model.isHere) await pullOnServer(obtainer, model, progressOf(obtainer, choice, 'pull'), signal);
  const response = await request(new URL(obtainer.site!.weightsUrl + file, obtainer.baseUrl), file, signal);
  const length = Number(response.headers.get('content-length') ?? 0);
  const total = response.headers.has('content-encoding') ? model.sizeBytes : length || model.sizeBytes;
  const report = progressOf(obtainer, choice, 'fetch');
  const kept = await keepStream({
    file,
    body: response.body!,
    sizeBytes: total,
    sha256: model.sha256,
    onProgress: received => report(received, total),
  });
  return { ...kept, entry };
}

async function request(url: URL, file: string, signal: AbortSignal | undefined): Promise<Response> {
  try {
    const response = await fetch(url, { signal });
    if (response.ok && response.body) return response;
    throw new WeightsError(
      `weights: ${file} could not be fetched (status ${response.status}). Open the file under Weights, if you have it`,
    );
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof WeightsError) throw error;
    throw new WeightsError(`weights: ${file} could not be fetched (the site cannot be reached). Try again`, {
      cause: error,
    });
  }
}

type Report = (done: number, total: number) => void;

/** Makes the server download the weights into this computer's cache, and reports the progress. */
async function pullOnServer(
  { site, baseUrl }: Obtainer,
  { id, file }: SiteModel,
  report: Report,
  signal?: AbortSignal,
) {
  if (!site!.canPull)
    throw new WeightsError(`weights: this site does not have ${file}. Open the file under Weights, if you have it`);
  const url = new URL(`pull/${encodeURIComponent(id)}`, baseUrl);
  let { state, message, receivedBytes, totalBytes } = await pullState(url, 'POST', signal);
  while (state === 'pulling') {
    report(receivedBytes, totalBytes);
    await new Promise(resolve => setTimeout(resolve, POLL_MS));
    ({ state, message, receivedBytes, totalBytes } = await pullState(url, 'GET', signal));
  }
  if (state !== 'here') throw new WeightsError(message ?? `weights: the server could not fetch ${id}. Try again`);
}

async function pullState(url: URL, method: 'GET' | 'POST', signal?: AbortSignal): Promise<PullState> {
  const response = await fetch(url, { method, signal });
  if (!response.ok)
    throw new WeightsError(`weights: the server failed (status ${response.status}). Start \`raycam serve\` again`);
  return (await response.json()) as PullState;
}

/** Turns received bytes into statuses, at most ten a second, with the remaining time at the mean rate. */
function progressOf(obtainer: Obtainer, choice: EngineChoice, step: LoadStep): Report {
  const EVERY_MS = 100;
  const startedMs = performance.now();
  let shownMs = 0;
  return (done, total) => {
    const nowMs = performance.now();
    if (nowMs - shownMs < EVERY_MS) return;
    shownMs = nowMs;
    const elapsedS = (nowMs - startedMs) / 1e3;
    const secondsLeft = done > 0 && total > done && elapsedS > 1 ? ((total - done) * elapsedS) / done : undefined;
    obtainer.setStatus({ state: 'loading', choice, step, done, total, secondsLeft });
  };
}
