import { spawn } from 'node:child_process';
import type { SoakOptions, SoakResult } from './soak.ts';

/**
 * Runs one kind of work from the bundled soak.ts in its own process.
 *
 * @throws Error  the process fails, or takes more than ten minutes
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
  if (status !== 0) throw new Error(`soak ${work}: ended with status ${status}: ${text}`);
  return JSON.parse(text);
}
