/** Computes a verdict for every image on the strip, one at a time, so that other calls can run in between. */
import { effect, signal } from '@preact/signals';
import { call, engineStatus, isAbort } from '../engine/client.ts';
import { currentImage, images } from './images.ts';

export type VerdictState =
  | { readonly state: 'working' }
  | { readonly state: 'done'; readonly class: string; readonly probability: number }
  | { readonly state: 'failed'; readonly message: string };

/** Verdicts by the image's hash; empty while no network is ready. */
export const verdicts = signal<ReadonlyMap<string, VerdictState>>(new Map());

let generation = 0;
let working = false;

effect(() => {
  const status = engineStatus.value;
  const now = status.state === 'ready' && status.head ? status.generation : 0;
  if (now !== generation) {
    generation = now;
    verdicts.value = new Map();
  }
  images.value;
  void next();
});

/** Records a verdict that another call computed. */
export function noteVerdict(hash: string, name: string, probability: number): void {
  put(hash, { state: 'done', class: name, probability });
}

async function next(): Promise<void> {
  if (working || generation === 0) return;
  const waiting = images.value.filter(({ hash }) => !verdicts.peek().has(hash));
  const image = waiting.find(({ hash }) => hash !== currentImage.peek()?.hash) ?? waiting[0];
  if (!image) return;
  const asked = generation;
  working = true;
  try {
    const verdict = await call('predict', { image: image.hash });
    if (asked === generation) noteVerdict(image.hash, verdict.class, verdict.probabilities[verdict.class]!);
  } catch (error) {
    if (asked === generation && !isAbort(error))
      put(image.hash, { state: 'failed', message: (error as Error).message });
  } finally {
    working = false;
  }
  void next();
}

function put(hash: string, verdict: VerdictState): void {
  verdicts.value = new Map(verdicts.peek()).set(hash, verdict);
}
