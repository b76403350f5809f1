/** The notice below the header while no network is ready: what happens, and what to do. */
import { engineStatus } from '../engine/client.ts';
import type { EngineStatus, LoadStep } from '../engine/protocol.ts';
import { boot, cancelOpening, openNetwork, wantedChoice } from '../state/engine_control.ts';
import { linkTo } from '../state/route.ts';
import { site } from '../state/site.ts';
import { formatBytes, formatDuration } from './words.ts';

export function EngineNotice() {
  const status = engineStatus.value;
  switch (status.state) {
    case 'ready':
      return null;
    case 'starting':
      return <Notice>Starting the engine …</Notice>;
    case 'empty':
      return <FirstVisit />;
    case 'loading':
      return <Loading status={status} />;
    case 'recovering':
      return <Notice>{status.message}</Notice>;
    case 'failed':
      return (
        <Notice isError>
          <span>{status.message}</span>
          <button type="button" onClick={() => void (status.choice ? openNetwork(status.choice) : boot())}>
            Try again
          </button>
          <a href={linkTo('weights')}>Choose another network or adapter</a>
        </Notice>
      );
  }
}

function Notice({ children, isError }: { children: preact.ComponentChildren; isError?: boolean }) {
  return (
    <div class={`notice ${isError ? 'error' : ''}`} role={isError ? 'alert' : 'status'} data-testid="notice">
      {children}
    </div>
  );
}

function FirstVisit() {
  const choice = wantedChoice();
  const model = site.value?.models.find(({ id }) => id === choice.model);
  return (
    <Notice>
      <span>
        A network must be downloaded once{model?.sizeBytes ? `: ${formatBytes(model.sizeBytes)}` : ''}. It stays in this
        browser, and X-rays never leave this computer.
      </span>
      <button type="button" class="primary" onClick={() => void openNetwork(choice)}>
        Load {choice.model}
      </button>
      <a href={linkTo('weights')}>Choose another</a>
    </Notice>
  );
}

function Loading({ status }: { status: Extract<EngineStatus, { state: 'loading' }> }) {
  const { step, done, total, secondsLeft, choice } = status;
  const share = total > 0 ? done / total : undefined;
  const bytes = `${formatBytes(done)}${total ? ` of ${formatBytes(total)}` : ''}`;
  const left = secondsLeft ? `, about ${formatDuration(secondsLeft)} left` : '';
  const texts: Record<LoadStep, string> = {
    pull: `Downloading ${choice.model} from its publisher: ${bytes}${left}`,
    fetch: `${site.value?.isLocal ? 'Copying' : 'Downloading'} ${choice.model}${site.value?.isLocal ? ' into this browser' : ''}: ${bytes}${left}`,
    check: `Reading ${choice.model}: ${bytes}`,
    upload: `Uploading ${choice.model} to the device: block ${done} of ${total}`,
  };
  return (
    <Notice>
      <span data-testid="progress">{texts[step]}</span>
      <progress aria-label="Progress" {...(share === undefined ? {} : { value: share, max: 1 })} />
      {(step === 'pull' || step === 'fetch') && (
        <button type="button" onClick={cancelOpening}>
          Cancel
        </button>
      )}
    </Notice>
  );
}
