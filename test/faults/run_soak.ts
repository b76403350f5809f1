import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { SoakOptions, SoakResult } from './soak.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface SoakRun {
  readonly status: number | null;
  readonly result: SoakResult;
}

/** Runs a kind of work of soak.ts in a process of its own. That it ends is part of what is tested. */
export async function runSoak(
  work: string,
  options: Partial<SoakOptions>,
  { timeoutMs = 600_000 }: { readonly timeoutMs?: number } = {},
): Promise<SoakRun> {
  const folder = mkdtempSync(join(root, 'node_modules/.raycam-soak-')); // where the bundle finds its packages
  try {
    const outfile = join(folder, 'soak.mjs');
    await build({
      entryPoints: [join(root, 'test/faults/soak.ts')],
      bundle: true,
      format: 'esm',
      platform: 'node',
      packages: 'external',
      outfile,
      loader: { '.wgsl': 'text' },
      logLevel: 'error',
      absWorkingDir: root,
    });
    const request = JSON.stringify([work, { count: 10, adapter: 'wasm', threads: 2, side: 64, ...options }]);
    const child = spawn(process.execPath, ['--expose-gc', outfile, request], {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: timeoutMs,
    });
    let text = '';
    child.stdout.on('data', chunk => {
      text += chunk;
    });
    const status = await new Promise<number | null>(resolve => child.on('close', resolve));
    if (status !== 0) throw new Error(`soak ${work} ended with ${status}: ${text}`);
    return { status, result: JSON.parse(text) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
