// `npm run serve`: the page on this computer, from a fresh clone on. Arguments go to `raycam serve`.
import { ensureInstalled } from './ensure_installed.mjs';

ensureInstalled();
const { ensureBuilt } = await import('./build.mjs');
const { ensureWebBuilt } = await import('./build_web.mjs');
await ensureBuilt();
await ensureWebBuilt();
process.argv.splice(2, 0, 'serve');
await import('../dist/cli.js');
