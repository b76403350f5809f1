/** The training run, which continues while the visitor looks at other views. */
import { computed, signal } from '@preact/signals';
import { call, engineStatus, type InputOf, isAbort, type OutputOf } from '../../engine/client.ts';
import { site } from '../../state/site.ts';

export type Settings = InputOf<'train'>['settings'];
export type PickedFile = InputOf<'train'>['files'][number];
export type Summary = OutputOf<'train'>;
export type EpochRecord = Summary['history'][number];
export type Metrics = Summary['metrics'][number];

/** The defaults of `raycam train`. */
export const settings = signal<Settings>({
  epochs: 10,
  batchSize: 256,
  lr: 1e-3,
  stepSize: 4,
  gamma: 0.1,
  seed: 0,
  augment: 0,
  select: 'best',
});

/** The files to train on, and a name to show. */
export interface Source {
  readonly name: string;
  readonly files: readonly PickedFile[] | 'bundled';
}

export const source = signal<Source | undefined>(undefined);

export type Run =
  | { readonly state: 'idle' }
  | {
      readonly state: 'running';
      readonly features?: { readonly of: string; readonly done: number; readonly total: number };
      readonly history: readonly EpochRecord[];
      readonly metrics: readonly Metrics[];
    }
  | { readonly state: 'done'; readonly summary: Summary; readonly openedMs: number }
  | { readonly state: 'failed'; readonly message: string };

const lastRun = signal<Run>({ state: 'idle' });

/** The last run. A finished run is dropped once another network is ready, because the engine no longer has its heads. */
export const run = computed<Run>(() => {
  const status = engineStatus.value;
  const value = lastRun.value;
  if (value.state !== 'done') return value;
  return status.state !== 'ready' || status.openedMs === value.openedMs ? value : { state: 'idle' };
});

/** The selected epoch, counted from 0; -1 is before the first, undefined the kept one. */
export const chosenEpoch = signal<number | undefined>(undefined);

/** Names an epoch, counted from 0; -1 is before the first. */
export function epochText(epoch: number): string {
  return epoch < 0 ? 'before the first epoch' : `after epoch ${epoch}`;
}

let controller: AbortController | undefined;

export function stopTraining(): void {
  controller?.abort();
}

export async function startTraining(): Promise<void> {
  const status = engineStatus.value;
  if (!source.value || status.state !== 'ready') return;
  controller?.abort();
  controller = new AbortController();
  const { signal: stop } = controller;
  chosenEpoch.value = undefined;
  lastRun.value = { state: 'running', history: [], metrics: [] };
  try {
    const files = source.value.files === 'bundled' ? await bundledFiles(stop) : source.value.files;
    const summary = await call(
      'train',
      { files, settings: settings.value },
      {
        signal: stop,
        onProgress: progress => {
          const now = lastRun.value;
          if (now.state !== 'running' || stop.aborted) return;
          if (progress.stage === 'features') {
            const { of, done, total } = progress;
            lastRun.value = { ...now, features: { of, done, total } };
          } else {
            const { record, metrics } = progress;
            lastRun.value = { ...now, history: [...now.history, record], metrics: [...now.metrics, metrics] };
          }
        },
      },
    );
    lastRun.value = { state: 'done', summary, openedMs: status.openedMs };
  } catch (error) {
    if (stop !== controller.signal) return;
    lastRun.value = isAbort(error) ? { state: 'idle' } : { state: 'failed', message: (error as Error).message };
  }
}

/** Fetches the site's X-rays, under their paths in the sample. */
async function bundledFiles(stop: AbortSignal): Promise<PickedFile[]> {
  const bundled = site.value?.images ?? [];
  return Promise.all(
    bundled.map(async ({ url, split, label, name }) => {
      const response = await fetch(new URL(url, document.baseURI), { signal: stop });
      if (!response.ok) throw new Error(`${name}: could not be fetched. Try again`);
      return { path: `sample/${split}/${label}/${name}`, file: await response.blob() };
    }),
  );
}
