/** The page's entry point. */
import { render } from 'preact';
import { App } from './app.tsx';
import { boot } from './state/engine_control.ts';
import { restoreImages } from './state/images.ts';
import { keepOffline } from './state/offline.ts';
import { applyTheme } from './state/theme.ts';

applyTheme();
render(<App />, document.getElementById('app')!);
void boot(restoreImages);
void keepOffline();
