#!/usr/bin/env node
// In a clone, builds the bundle first if it is missing or outdated; the published package includes it.
import { existsSync } from 'node:fs';

const sources = new URL('../src', import.meta.url);
if (existsSync(sources)) {
  const { ensureInstalled } = await import('../scripts/ensure_installed.mjs');
  ensureInstalled();
  const { ensureBuilt } = await import('../scripts/build.mjs');
  await ensureBuilt();
  if (process.argv[2] === 'serve') {
    const { ensureWebBuilt } = await import('../scripts/build_web.mjs');
    await ensureWebBuilt();
  }
}
await import('../dist/cli.js');
