/** What turns features into a verdict. */
import { useRef, useState } from 'preact/hooks';
import { call, engineStatus } from '../../engine/client.ts';

export function HeadPanel() {
  const picker = useRef<HTMLInputElement>(null);
  const [fault, setFault] = useState('');
  const status = engineStatus.value;
  const head = status.state === 'ready' ? status.head : undefined;
  const open = async (file: File) => {
    setFault('');
    try {
      await call('openHead', { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) });
    } catch (error) {
      setFault((error as Error).message);
    }
  };
  return (
    <section class="panel" aria-label="Head">
      <h2>Head</h2>
      {status.state === 'ready' && !head && (
        <p>No head here was trained on {status.model.id}: there is no verdict until one is opened or trained.</p>
      )}
      {head && (
        <p class="current" data-testid="head">
          {head.name}
          <span class="soft"> tells {head.classes.join(' from ')}</span>
        </p>
      )}
      <div class="buttons">
        <button type="button" disabled={status.state !== 'ready'} onClick={() => picker.current!.click()}>
          Open a head file …
        </button>
      </div>
      <input
        ref={picker}
        type="file"
        accept=".safetensors"
        hidden
        data-testid="pick-head"
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? [];
          if (file) void open(file);
          currentTarget.value = '';
        }}
      />
      {fault && (
        <p class="error-text" role="alert">
          {fault}
        </p>
      )}
    </section>
  );
}
