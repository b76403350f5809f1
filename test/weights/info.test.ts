import { spawn } from 'node:child_process';
import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root, temporaryFolder } from '../cli/run.ts';

const SIZE_BYTES = 192 * 2 ** 20;
/** Limit for the additional memory, compared with a small file. */
const MOST_BYTES = 64e6;

/**
 * Runs `raycam weights info --json`. The child prints its peak memory, in KiB, as the last line of its error stream.
 */
async function info(file: string): Promise<{ record: Record<string, unknown>; mostBytes: number }> {
  const report = 'data:text/javascript,process.on("exit",()=>console.error(process.resourceUsage().maxRSS))';
  const args = ['--import', report, 'dist/cli.js', 'weights', 'info', file, '--json'];
  const child = spawn(process.execPath, args, { cwd: root });
  let [out, errors] = ['', ''];
  child.stdout.on('data', text => {
    out += text;
  });
  child.stderr.on('data', text => {
    errors += text;
  });
  const code = await new Promise(resolve => child.on('close', resolve));
  expect([code, errors]).toEqual([0, expect.stringMatching(/^\d+\n$/)]);
  return { record: JSON.parse(out), mostBytes: Number(errors) * 1024 };
}

/** A sparse file with one tensor of zeros, which takes no space on the disk. */
function safetensorsOf(path: string, sizeBytes: number): string {
  const header = Buffer.from(
    JSON.stringify({ w: { dtype: 'F32', shape: [sizeBytes / 4], data_offsets: [0, sizeBytes] } }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  writeFileSync(path, length);
  appendFileSync(path, header);
  truncateSync(path, 8 + header.length + sizeBytes);
  return path;
}

it('describes a 192 MiB file, including its hash, without loading it', async () => {
  const folder = temporaryFolder();
  const [small, large] = [
    await info(safetensorsOf(join(folder, 'small.safetensors'), 1024)),
    await info(safetensorsOf(join(folder, 'large.safetensors'), SIZE_BYTES)),
  ];
  expect(large.record).toMatchObject({ format: 'safetensors', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(large.record.sha256).not.toBe(small.record.sha256);
  expect(large.mostBytes - small.mostBytes).toBeLessThan(MOST_BYTES);
});
