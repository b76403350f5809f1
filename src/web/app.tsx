/** The frame around every view: header, view, image strip, footer. */
import { useEffect } from 'preact/hooks';
import { EngineChip } from './parts/engine_chip.tsx';
import { EngineNotice } from './parts/engine_notice.tsx';
import { ImageStrip } from './parts/image_strip.tsx';
import { ThemeSwitch } from './parts/theme_switch.tsx';
import { takeImages } from './state/drop.ts';
import { linkTo, view } from './state/route.ts';
import { VIEWS } from './views/index.ts';

export function App() {
  const current = VIEWS.find(({ id }) => id === view.value) ?? VIEWS[0]!;
  useEffect(takeImages, []);
  useEffect(() => {
    document.title = `${current.title} · Raycam`;
  }, [current]);
  return (
    <>
      <header class="bar">
        <a class="brand" href={linkTo('look')}>
          <Mark /> Raycam
        </a>
        <nav class="tabs" aria-label="Views">
          {VIEWS.map(({ id, title, about }) => (
            <a key={id} href={linkTo(id)} title={about} aria-current={id === current.id ? 'page' : undefined}>
              {title}
            </a>
          ))}
        </nav>
        <EngineChip />
        <ThemeSwitch />
      </header>
      <EngineNotice />
      <main class="view" id={`view-${current.id}`} key={current.id}>
        <h1 class="hidden">{current.title}</h1>
        <current.component />
      </main>
      {current.hasStrip && <ImageStrip />}
      <footer class="foot">
        <span>A research and teaching tool, not a medical device. Do not use its verdicts for diagnosis.</span>
        <span>Images stay on this computer.</span>
      </footer>
    </>
  );
}

function Mark() {
  return (
    <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
      <circle cx="10" cy="10" r="8" fill="none" stroke="currentColor" stroke-width="1.8" />
      <circle class="mark-spot" cx="12" cy="8.2" r="3.6" />
    </svg>
  );
}
