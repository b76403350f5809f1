/** Decides which network runs: the one in the address, otherwise the site's default. */

import type { AdapterChoice } from '../../runtime/adapter.ts';
import { call as engineCall, engineStatus, isAbort, startEngine } from '../engine/client.ts';
import type { EngineChoice, EngineStatus } from '../engine/protocol.ts';
import { param, setParams } from './route.ts';
import { loadSite, site } from './site.ts';

let opening: AbortController | undefined;

/** Returns the choice that the address describes. */
export function wantedChoice(): EngineChoice {
  const threads = Number(param('threads'));
  return {
    model: param('model') ?? site.value?.model ?? '',
    adapter: (param('adapter') as AdapterChoice | undefined) ?? 'auto',
    threads: Number.isInteger(threads) && threads > 0 ? threads : undefined,
    isUntuned: param('tuning') === 'off',
  };
}

/**
 * Starts the worker, and opens the network if its weights need no download. Calls `onSite` once the engine accepts
 * images.
 */
export async function boot(onSite?: () => Promise<void>): Promise<void> {
  startEngine();
  try {
    const found = site.value ?? (await loadSite());
    await engineCall('start', { site: found, baseUrl: document.baseURI });
    void onSite?.();
    const choice = wantedChoice();
    const stored = await engineCall('listStored', {});
    const file = found.models.find(({ id }) => id === choice.model)?.file ?? choice.model.replace(/^file:/, '');
    const costsNothing = found.isLocal || stored.some(kept => kept.file === file);
    if (costsNothing) await openNetwork(choice);
    else engineStatus.value = { state: 'empty' };
  } catch (error) {
    if (engineStatus.value.state !== 'failed')
      engineStatus.value = { state: 'failed', message: (error as Error).message };
  }
}

/** Opens a network instead of the current one. A failure shows in the status. */
export async function openNetwork(choice: EngineChoice): Promise<void> {
  opening?.abort();
  opening = new AbortController();
  setParams(
    {
      model: choice.model === site.value?.model ? null : choice.model,
      adapter: choice.adapter === 'auto' ? null : choice.adapter,
      threads: choice.threads ? String(choice.threads) : null,
      tuning: choice.isUntuned ? 'off' : null,
    },
    { replace: true },
  );
  engineStatus.value = { state: 'loading', choice, step: 'fetch', done: 0, total: 0 };
  try {
    await engineCall('openNetwork', choice, { signal: opening.signal });
  } catch (error) {
    if (isAbort(error)) return;
    const { state } = engineStatus.peek() as EngineStatus;
    if (state !== 'failed') engineStatus.value = { state: 'failed', message: (error as Error).message, choice };
  }
}

/** Stops a download. */
export function cancelOpening(): void {
  opening?.abort();
}
