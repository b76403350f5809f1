import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WasmDevice } from '../../../src/wasm/device/device.ts';
import { SOURCE } from './fake_compiler.ts';
import { errorOf, openFake, STORAGE } from './harness.ts';

/** The device on which a test file tries its rules, and another one. Both open before the tests. */
export let device: WasmDevice;
export let other: WasmDevice;
beforeAll(async () => {
  [device, other] = await Promise.all([openFake({ requiredFeatures: ['timestamp-query'] }), openFake()]);
});
afterAll(() => {
  device.destroy();
  other.destroy();
});

/** One call that breaks one rule: what it does, the complete first line of the error, and the call. */
type Rule = readonly [name: string, message: string, work: () => unknown];

/** Tests that a valid call is accepted and that each broken rule is reported. */
export function rules(what: string, valid: () => unknown, broken: readonly Rule[]): void {
  describe(what, () => {
    it('accepts a valid call', async () => expect(await errorOf(device, valid)).toBeUndefined());
    for (const [name, message, work] of broken)
      it(`refuses ${name}`, async () => expect(await errorOf(device, work)).toBe(`GPUValidationError: ${message}`));
  });
}

export const buffer = (usage = STORAGE, size = 1024, label = 'b') => device.createBuffer({ label, size, usage });
export const layout = (...entries: Omit<GPUBindGroupLayoutEntry, 'visibility'>[]) =>
  device.createBindGroupLayout({ label: 'l', entries: entries.map(entry => ({ visibility: 4, ...entry })) });
export const storage = (binding = 0, more: GPUBufferBindingLayout = {}) => ({
  binding,
  buffer: { type: 'storage' as const, ...more },
});
export const group = (of: GPUBindGroupLayout, ...entries: GPUBindGroupEntry[]) =>
  device.createBindGroup({ label: 'g', layout: of, entries });
export const pipelineLayout = (...bindGroupLayouts: (GPUBindGroupLayout | null)[]) =>
  device.createPipelineLayout({ label: 'p', bindGroupLayouts });
export const module = (code = SOURCE) => device.createShaderModule({ label: 'm', code });
export const compute = (entryPoint = 'add', constants = {}, of: GPUPipelineLayout | 'auto' = 'auto') =>
  device.createComputePipeline({ label: 'c', layout: of, compute: { module: module(), entryPoint, constants } });
