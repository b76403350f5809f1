/** What computes. */
import type { AdapterChoice } from '../../../runtime/adapter.ts';
import { engineStatus } from '../../engine/client.ts';
import { describeAdapter } from '../../parts/engine_chip.tsx';
import { Segments } from '../../parts/segments.tsx';
import { openNetwork, wantedChoice } from '../../state/engine_control.ts';

const CHOICES: readonly { value: AdapterChoice; text: string; title: string }[] = [
  { value: 'auto', text: 'Best', title: 'A GPU where there is one, else WebAssembly' },
  { value: 'gpu', text: 'GPU', title: 'The graphics processor, through WebGPU' },
  { value: 'wasm', text: 'WebAssembly', title: 'The processor: shaders compiled to WebAssembly SIMD' },
  { value: 'swiftshader', text: 'Any WebGPU', title: 'Whatever WebGPU offers, software included: to compare with' },
];
const MOST_THREADS = 64;

export function AdapterPanel() {
  const status = engineStatus.value;
  const choice = wantedChoice();
  const cores = navigator.hardwareConcurrency;
  return (
    <section class="panel" aria-label="Adapter">
      <h2>Computes on</h2>
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
        <span>Threads of WebAssembly ({cores} cores here; empty: as many, up to 8)</span>
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
          This page may not share memory between threads, so WebAssembly has one. Its host must send the headers of an
          isolated page; reloading helps where the browser keeps the page for offline use.
        </p>
      )}
      {!navigator.gpu && <p class="about">This browser offers no WebGPU here.</p>}
    </section>
  );
}
