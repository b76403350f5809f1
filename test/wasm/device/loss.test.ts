import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PATIENCE_MS } from '../../harness/patience.ts';
import { bufferOf, dispatch, errorOf, floatsOf, openFake, pipelineOf, STORAGE } from './harness.ts';

describe.each([0, 2])('a destroyed device with %i threads', threads => {
  it('resolves lost once', async () => {
    const device = await openFake({ threads });
    device.destroy();
    device.destroy();
    expect(await device.lost).toEqual({ reason: 'destroyed', message: 'device was destroyed' });
    expect(device.lost).toBe(device.lost);
  });

  it('accepts calls, reports no errors and refuses to map', async () => {
    const device = await openFake({ threads });
    const x = bufferOf(device, [1, 2]);
    const add = pipelineOf(device, 'add');
    device.destroy();
    expect(await errorOf(device, () => device.createBuffer({ size: 4, usage: 0 }))).toBeUndefined();
    dispatch(device, add, [x]);
    device.queue.writeBuffer(x, 0, new Float32Array(2));
    await device.queue.onSubmittedWorkDone();
    await device.createComputePipelineAsync({
      layout: 'auto',
      compute: { module: device.createShaderModule({ code: '' }) },
    });
    const mapped = device.createBuffer({ size: 16, usage: STORAGE, mappedAtCreation: true });
    expect(mapped.getMappedRange().byteLength).toBe(16);
    mapped.unmap();
    const readback = device.createBuffer({ size: 16, usage: 9 });
    await expect(readback.mapAsync(1)).rejects.toMatchObject({ name: 'OperationError' });
  });
});

it('destroy() stops an endless shader and settles the promises that wait for it', async () => {
  const device = await openFake({ threads: 2 });
  const x = device.createBuffer({ size: 1 << 16, usage: 9 | 0 });
  const y = bufferOf(device, new Float32Array(1 << 14));
  dispatch(device, pipelineOf(device, 'endless'), [y]);
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(y, 0, x, 0, 1 << 16);
  device.queue.submit([encoder.finish()]);
  const mapped = x.mapAsync(1);
  const done = device.queue.onSubmittedWorkDone();
  const early = await Promise.race([mapped, done, new Promise(resolve => setTimeout(resolve, 100, 'waits'))]);
  expect(early).toBe('waits');
  device.destroy();
  await expect(mapped).rejects.toMatchObject({ name: 'AbortError' });
  await done;
  expect((await device.lost).reason).toBe('destroyed');
});

it.each([0, 2])('a shader that traps on %i threads loses the device with the reason "unknown"', async threads => {
  const device = await openFake({ threads });
  const x = bufferOf(device, new Float32Array(64));
  dispatch(device, pipelineOf(device, 'trap'), [x]);
  await expect(floatsOf(device, x)).rejects.toThrow();
  const { reason, message } = await device.lost;
  expect([reason, message]).toEqual(['unknown', 'A shader failed: unreachable']);
});

describe('a Node process', () => {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(process.cwd(), 'node_modules/.raycam-test-')); // so that the bundle finds its packages
    // Minified like the page's bundle: the source text that workers run must still work.
    await build({
      entryPoints: ['test/wasm/device/harness.ts'],
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'node',
      packages: 'external',
      outfile: join(folder, 'harness.mjs'),
      loader: { '.wgsl': 'text' },
      logLevel: 'error',
      absWorkingDir: process.cwd(),
    });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function runScript(
    name: string,
    body: string,
  ): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const script = join(folder, `${name}.mjs`);
    writeFileSync(
      script,
      `import { openFake, bufferOf, dispatch, floatsOf, pipelineOf } from './harness.mjs';\n${body}`,
    );
    const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'pipe'], timeout: PATIENCE_MS });
    const text = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream].on('data', data => {
        text[stream] += data;
      });
    const code = await new Promise<number | null>(resolve => child.on('close', resolve));
    return { code, ...text };
  }

  const COMPUTE = `
    const device = await openFake({ threads: 3 });
    const x = bufferOf(device, new Float32Array(1000));
    dispatch(device, pipelineOf(device, 'add'), [x], 10);
    console.log((await floatsOf(device, x))[999]);`;

  it.each([
    ['destroyed', `${COMPUTE} device.destroy();`],
    ['idle', COMPUTE],
  ])('exits when its device is %s', async (name, body) => {
    const { code, stdout, stderr } = await runScript(name, body);
    expect([code, stdout, stderr]).toEqual([0, '10\n', '']);
  });

  it('does not exit while its device works', async () => {
    const body = `
      const device = await openFake({ threads: 2 });
      dispatch(device, pipelineOf(device, 'endless'), [bufferOf(device, new Float32Array(1000))]);
      setTimeout(() => console.log('still here'), 50).unref();
      setTimeout(() => { console.log('and now'); device.destroy(); }, 300).unref();`;
    const { code, stdout } = await runScript('busy', body);
    expect([code, stdout]).toEqual([0, 'still here\nand now\n']);
  });
});
