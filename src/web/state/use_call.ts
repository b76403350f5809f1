/** Calls the engine on behalf of a component. */
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
  /** Number of answers to cache. */
  readonly keep?: number;
}

const answers = new Map<string, RecentlyUsed<unknown>>();

/**
 * Returns the answer to a call. Repeats the call when the input or the engine's generation changes, and aborts it when
 * the component unmounts. Makes no call if `input` is null or the engine is not ready, so no answer outlives the
 * network that computed it.
 */
export function useCall<M extends MethodName>(
  method: M,
  input: InputOf<M> | null,
  { keep = 0 }: UseCallOptions = {},
): Answer<OutputOf<M>, ProgressOf<M>> {
  const status = engineStatus.value;
  const generation = status.state === 'ready' ? status.generation : 0;
  const key = input === null || generation === 0 ? '' : `${generation} ${JSON.stringify(input)}`;
  const [answer, setAnswer] = useState<{ key: string; answer: Answer<OutputOf<M>, ProgressOf<M>> }>();
  const kept = keptAnswers<OutputOf<M>>(method, keep);
  // `key` stands for `input`, which is a new object on each render
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
