import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { root } from '../../cli/run.ts';
import { PATIENCE_MS } from '../../harness/patience.ts';
import { ENDLESS } from './endless_shaders.ts';

const folder = mkdtempSync(join(tmpdir(), 'raycam-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the process measured about stopping the shader. */
interface Report {
  readonly read: string;
  readonly reason: string;
  readonly busyMB: number;
  readonly idleMB: number;
  readonly idleCpuMs: number;
  readonly handles: readonly string[];
}

/** Runs the shader on a device with 400 MB of buffers, destroys the device, and keeps references to all its objects. */
const SCRIPT = `
  import { requestWasmAdapter } from ${JSON.stringify(`file://${join(root, 'dist/wasm.js')}`)};
  const [code, threads] = JSON.parse(process.argv[2]);
  const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));
  const device = await (await requestWasmAdapter({ threads })).requestDevice();
  const large = device.createBuffer({ size: 200e6, usage: 0x8c });
  const other = device.createBuffer({ size: 200e6, usage: 0x8c });
  const ones = new Float32Array(50e6).fill(1);
  device.queue.writeBuffer(large, 0, ones);
  device.queue.writeBuffer(other, 0, ones);
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module: device.createShaderModule({ code }) } });
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer: large, size: 4096 } }] });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(16);
  pass.end();
  const staging = device.createBuffer({ size: 4096, usage: 9 });
  encoder.copyBufferToBuffer(large, 0, staging, 0, 4096);
  device.queue.submit([encoder.finish()]);
  const read = staging.mapAsync(1).then(() => 'mapped', error => error.name);
  await sleep(150);
  const busyMB = process.memoryUsage().rss / 1e6;
  device.destroy();
  const { reason } = await device.lost;
  const report = { read: await read, reason, busyMB };
  for (let i = 0; i < 5; i++) { gc(); await sleep(50); }
  const before = process.cpuUsage();
  await sleep(500);
  const { user, system } = process.cpuUsage(before);
  const handles = process.getActiveResourcesInfo().filter(name => !['TTYWrap', 'PipeWrap', 'Timeout'].includes(name));
  console.log(JSON.stringify({ ...report, idleMB: process.memoryUsage().rss / 1e6, idleCpuMs: (user + system) / 1e3, handles }));
  globalThis.kept = [device, large, other, pipeline, group, staging];
`;
const script = join(folder, 'endless.mjs');
writeFileSync(script, SCRIPT);

function run(code: string, threads: number): Promise<{ status: number | null; report: Report }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--expose-gc', script, JSON.stringify([code, threads])], {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: PATIENCE_MS,
    });
    let text = '';
    child.stdout.on('data', chunk => {
      text += chunk;
    });
    child.on('error', reject);
    child.on('close', status => resolve({ status, report: JSON.parse(text || '{}') }));
  });
}

describe('destroy() stops an endless shader', () => {
  it.each([
    ['turns', 1],
    ['barriers', 1],
    ['barriers', 2],
    ['one', 2],
    ['everyone', 2],
  ] as const)('%s, %i threads: ends the threads, frees the memory and lets the process exit', async (name, threads) => {
    const { status, report } = await run(ENDLESS[name], threads);
    expect(status).toBe(0);
    expect(report).toMatchObject({ read: 'AbortError', reason: 'destroyed', handles: [] });
    expect(report.busyMB - report.idleMB).toBeGreaterThan(300);
    expect(report.idleCpuMs).toBeLessThan(100);
  });
});
