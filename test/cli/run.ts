import { execFile, spawn } from 'node:child_process';
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

/** Runs the `raycam` command in the root of the repository, with these bytes as its standard input. */
export function raycam(
  args: readonly string[],
  environment: Record<string, string> = {},
  input: Uint8Array | string = '',
): Promise<Ran> {
  return new Promise(resolve => {
    const child = spawn(process.execPath, ['dist/cli.js', ...args], {
      cwd: root,
      env: { ...process.env, ...environment },
    });
    child.stdin.on('error', () => {}); // the command may end before it reads all
    child.stdin.end(input);
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

/** Runs a shell script in which `$RAYCAM` is the command, and `$1`, `$2`, … are the arguments. */
export function shell(script: string, args: readonly string[] = []): Promise<Ran> {
  const RAYCAM = `${process.execPath} ${join(root, 'dist/cli.js')}`;
  return new Promise(resolve => {
    execFile('bash', ['-c', script, 'bash', ...args], { env: { ...process.env, RAYCAM } }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : ((error.code as number | undefined) ?? null), stdout, stderr }),
    );
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
