// `npm start`: runs the whole pipeline on the bundled sample; works in a fresh clone.
import { ensureInstalled } from './ensure_installed.mjs';

ensureInstalled();
const { ensureBuilt } = await import('./build.mjs');
await ensureBuilt();
process.argv.splice(2, 0, 'demo');
await import('../dist/cli.js');
