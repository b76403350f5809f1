// `npm run serve`: serves the page on this computer; works in a fresh clone. Arguments go to `raycam serve`.
import { ensureInstalled } from './ensure_installed.mjs';

ensureInstalled();
const { ensureBuilt } = await import('./build.mjs');
const { ensureWebBuilt } = await import('./build_web.mjs');
await ensureBuilt();
await ensureWebBuilt();
process.argv.splice(2, 0, 'serve');
await import('../dist/cli.js');
