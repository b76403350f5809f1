/** Asks the engine for something while a component shows it. */
import { useEffect, useState } from 'preact/hooks';
import {
  call,
  engineStatus,
  type InputOf,
  isAbort,
  type MethodName,
  type OutputOf,
  type ProgressOf,
} from '../engine/client.ts';
import { RecentlyUsed } from './recently_used.ts';

export type Answer<Output, Progress = unknown> =
  | { readonly state: 'idle' }
  | { readonly state: 'working'; readonly progress?: Progress }
  | { readonly state: 'done'; readonly value: Output }
  | { readonly state: 'failed'; readonly message: string };

export interface UseCallOptions {
  /** How many answers to keep for when they are asked for again. */
  readonly keep?: number;
}

const answers = new Map<string, RecentlyUsed<unknown>>();

/**
 * The answer to a call, asked again when the input or the network changes, given up when the component goes. `input` null asks nothing,
 * and so does an engine that is not ready: no answer outlives the network that gave it.
 */
export function useCall<M extends MethodName>(
  method: M,
  input: InputOf<M> | null,
  { keep = 0 }: UseCallOptions = {},
): Answer<OutputOf<M>, ProgressOf<M>> {
  const status = engineStatus.value;
  const epoch = status.state === 'ready' ? status.epoch : 0;
  const key = input === null || epoch === 0 ? '' : `${epoch} ${JSON.stringify(input)}`;
  const [answer, setAnswer] = useState<{ key: string; answer: Answer<OutputOf<M>, ProgressOf<M>> }>();
  const kept = keptAnswers<OutputOf<M>>(method, keep);
  // `key` stands for the input, which is a new object each time
  useEffect(() => {
    if (key === '' || kept.has(key)) return;
    const controller = new AbortController();
    call(method, input!, {
      signal: controller.signal,
      onProgress: progress => setAnswer({ key, answer: { state: 'working', progress } }),
    }).then(
      value => {
        kept.set(key, value);
        setAnswer({ key, answer: { state: 'done', value } });
      },
      error => {
        if (!isAbort(error)) setAnswer({ key, answer: { state: 'failed', message: error.message } });
      },
    );
    return () => controller.abort();
  }, [key]);
  if (key === '') return { state: 'idle' };
  const value = kept.get(key);
  if (value !== undefined) return { state: 'done', value };
  return answer?.key === key ? answer.answer : { state: 'working' };
}

function keptAnswers<Output>(method: string, keep: number): RecentlyUsed<Output> {
  const known = answers.get(method) ?? new RecentlyUsed<unknown>(keep);
  answers.set(method, known);
  return known as RecentlyUsed<Output>;
}
