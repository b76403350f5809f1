/** Selects the adapter and the number of threads. */
import type { AdapterChoice } from '../../../runtime/adapter.ts';
import { engineStatus } from '../../engine/client.ts';
import { describeAdapter } from '../../parts/engine_chip.tsx';
import { Segments } from '../../parts/segments.tsx';
import { openNetwork, wantedChoice } from '../../state/engine_control.ts';

const CHOICES: readonly { value: AdapterChoice; text: string; title: string }[] = [
  { value: 'auto', text: 'Best', title: 'A GPU if there is one, otherwise WebAssembly' },
  { value: 'gpu', text: 'GPU', title: 'The graphics processor, through WebGPU' },
  { value: 'wasm', text: 'WebAssembly', title: 'The CPU: shaders compiled to WebAssembly SIMD' },
  { value: 'swiftshader', text: 'Any WebGPU', title: 'Any WebGPU adapter, software included, for comparison' },
];
const MOST_THREADS = 64;

export function AdapterPanel() {
  const status = engineStatus.value;
  const choice = wantedChoice();
  const cores = navigator.hardwareConcurrency;
  return (
    <section class="panel" aria-label="Adapter">
      <h2>Adapter</h2>
      <p class="current" data-testid="adapter">
        {status.state === 'ready' ? describeAdapter(status.adapter) : '…'}
      </p>
      <Segments
        label="Adapter"
        value={choice.adapter}
        options={CHOICES}
        onChange={adapter => void openNetwork({ ...choice, adapter: adapter as AdapterChoice })}
      />
      <label class="field">
        <span>WebAssembly threads (empty: one per core, up to 8; {cores} cores here)</span>
        <input
          type="number"
          min="1"
          max={MOST_THREADS}
          value={choice.threads ?? ''}
          data-testid="threads"
          onChange={({ currentTarget: { value } }) => {
            const threads = Math.min(MOST_THREADS, Math.max(0, Math.floor(Number(value))));
            void openNetwork({ ...choice, threads: threads || undefined });
          }}
        />
      </label>
      {!globalThis.crossOriginIsolated && (
        <p class="about">
          This page cannot share memory between threads, so WebAssembly uses only one. Its host must send cross-origin
          isolation headers; reloading helps if the browser stores the page for offline use.
        </p>
      )}
      {!navigator.gpu && <p class="about">This browser offers no WebGPU here.</p>}
    </section>
  );
}
