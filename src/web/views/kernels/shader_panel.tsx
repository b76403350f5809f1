/** The WGSL source that ran. */
import { useState } from 'preact/hooks';
import { Segments } from '../../parts/segments.tsx';
import type { Kernels } from './run_panel.tsx';

export function ShaderPanel({ kernels: { shaders, dispatches, path } }: { readonly kernels: Kernels }) {
  const [chosen, setChosen] = useState({ path, shader: 0 });
  const shader = chosen.path === path ? chosen.shader : 0;
  const nameOf = (index: number) => dispatches.find(dispatch => dispatch.shader === index)!.kernel;
  const lines = shaders[shader]!.trimEnd().split('\n');
  return (
    <section class="panel shader" aria-label="Shader">
      <header class="shader-head">
        <h2>WGSL</h2>
        {shaders.length > 1 ? (
          <Segments
            label="Shader"
            value={String(shader)}
            options={shaders.map((_, i) => ({ value: String(i), text: nameOf(i) }))}
            onChange={value => setChosen({ path, shader: Number(value) })}
          />
        ) : (
          <span class="mono">{nameOf(0)}.wgsl</span>
        )}
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
      <pre class="shader-text" tabIndex={0} data-testid="wgsl">
        {lines.map((line, i) => (
          <span key={i} class="shader-line">
            {withComment(line)}
            {'\n'}
          </span>
        ))}
      </pre>
    </section>
  );
}

function withComment(line: string) {
  const at = line.indexOf('//');
  if (at < 0) return line;
  return (
    <>
      {line.slice(0, at)}
      <span class="soft">{line.slice(at)}</span>
    </>
  );
}
