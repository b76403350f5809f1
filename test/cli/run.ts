import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the `raycam` command in the root of the repository. */
export function raycam(args: readonly string[], environment: Record<string, string> = {}): Promise<Ran> {
  return new Promise(resolve => {
    const child = spawn(process.execPath, ['dist/cli.js', ...args], {
      cwd: root,
      env: { ...process.env, ...environment },
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', chunk => {
      stdout += chunk;
    });
    child.stderr.on('data', chunk => {
      stderr += chunk;
    });
    child.on('close', status => resolve({ status, stdout, stderr }));
  });
}

/** Parses the output of a `--json` run. */
export function records(ran: Ran): Record<string, unknown>[] {
  return ran.stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line));
}

/** Creates a folder that is removed after the file's tests. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'raycam-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
