/** Runs every hostile input in one process. scripts/hostile.mjs runs each in its own process and prints the table. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { bundleTool } from '../../scripts/bundle_tool.mjs';
import type { Outcome } from './case.ts';
import { CASES } from './run_case.ts';

const folder = mkdtempSync(join(tmpdir(), 'raycam-hostile-'));
const empty = mkdtempSync(join(tmpdir(), 'raycam-hostile-'));

afterAll(() => {
  for (const path of [folder, empty]) rmSync(path, { recursive: true, force: true });
});

it('rejects each input with the expected message or reads it correctly, within 1 s and 64 MB, and leaves no files', async () => {
  const child = await bundleTool('test/hostile/child.ts');
  const run = (mode: string) =>
    promisify(execFile)(process.execPath, [child, mode, folder], { cwd: empty, maxBuffer: 64e6 });
  await run('make');
  const { stdout } = await run('use');
  const outcomes = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Outcome);
  expect(outcomes.map(({ name }) => name)).toEqual(CASES.map(({ name }) => name));
  expect(outcomes.filter(({ fault }) => fault !== undefined)).toEqual([]);
});
