import { spawn } from 'node:child_process';
import type { SoakOptions, SoakResult } from './soak.ts';

/**
 * Runs a kind of work of soak.ts, bundled, in a process of its own.
 *
 * @throws Error  it does not end well, or not within ten minutes
 */
export async function runSoak(bundle: string, work: string, options: Partial<SoakOptions>): Promise<SoakResult> {
  const request = JSON.stringify([work, { count: 10, adapter: 'wasm', threads: 2, side: 64, ...options }]);
  const child = spawn(process.execPath, ['--expose-gc', bundle, request], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 600_000,
  });
  let text = '';
  child.stdout.on('data', chunk => {
    text += chunk;
  });
  const status = await new Promise<number | null>(resolve => child.on('close', resolve));
  if (status !== 0) throw new Error(`soak ${work} ended with ${status}: ${text}`);
  return JSON.parse(text);
}
