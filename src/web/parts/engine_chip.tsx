/** The running network and its adapter, always visible. */
import { engineStatus } from '../engine/client.ts';
import type { AdapterInfo } from '../engine/protocol.ts';
import { linkTo } from '../state/route.ts';

export function EngineChip() {
  const status = engineStatus.value;
  return (
    <a class="chip" href={linkTo('weights')} data-state={status.state} data-testid="engine">
      <i class="lamp" aria-hidden="true" />
      <span>{textOf(status)}</span>
    </a>
  );
}

function textOf(status: typeof engineStatus.value): string {
  switch (status.state) {
    case 'starting':
      return 'Starting';
    case 'empty':
      return 'No network open';
    case 'loading':
      return `Opening ${status.choice.model}`;
    case 'recovering':
      return 'Reopening the device';
    case 'failed':
      return 'Stopped';
    case 'ready':
      return `${status.model.id} on ${describeAdapter(status.adapter)}`;
  }
}

/** Returns `WebAssembly, 2 threads`, or the GPU's name. */
export function describeAdapter({ kind, description, threads }: AdapterInfo): string {
  if (kind === 'wasm') return `WebAssembly, ${threads ? `${threads} thread${threads > 1 ? 's' : ''}` : 'no threads'}`;
  return kind === 'software' ? `${description} (software)` : description;
}
