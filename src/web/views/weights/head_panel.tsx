/** The head, which turns features into a verdict. */
import { engineStatus } from '../../engine/client.ts';
import { HeadPicker } from '../../parts/head_picker.tsx';

export function HeadPanel() {
  const status = engineStatus.value;
  const head = status.state === 'ready' ? status.head : undefined;
  return (
    <section class="panel" aria-label="Head">
      <h2>Head</h2>
      {status.state === 'ready' && !head && (
        <p>No head was trained on {status.model.id}. Open or train one to get verdicts.</p>
      )}
      {head && (
        <p class="current" data-testid="head">
          {head.name}
          <span class="soft"> classes: {head.classes.join(', ')}</span>
        </p>
      )}
      <HeadPicker testId="pick-head">Open a head file …</HeadPicker>
    </section>
  );
}
