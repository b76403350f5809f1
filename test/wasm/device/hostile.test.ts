import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requestWasmAdapter } from '../../../src/wasm/index.ts';
import { run } from '../compiler/harness.ts';
import { contentOf, STORAGE, USAGE } from './harness.ts';
import {
  BINDINGS,
  COUNTED_LOOPS,
  HOSTILE,
  type HostileShader,
  hostileSource,
  INDICES,
  LOOPS,
  loopSource,
  WORDS,
} from './hostile_shaders.ts';

/** The value of every word that does not belong to the shader. */
const GUARD = 0x7149a5c3;
const GUARD_BYTES = 512;
const INDEX_WORDS = WORDS.length;

/** Returns small numbers as floats, which cannot be mistaken for guards. */
const ownContent = (size: number) => Float32Array.from({ length: size / 4 }, (_, i) => (i % 50) + 1);

interface Guarded {
  readonly buffer: GPUBuffer;
  readonly type: GPUBufferBindingType;
  readonly size: number;
  readonly content: Uint32Array<ArrayBuffer>;
}

/**
 * A device with a buffer for each binding. Guards surround the bound bytes of each buffer, and a buffer of guards
 * follows it.
 */
class HostileDevice {
  private constructor(
    readonly device: GPUDevice,
    readonly buffers: readonly Guarded[],
    private readonly layout: GPUBindGroupLayout,
  ) {}

  static async open(threads: number): Promise<HostileDevice> {
    const device = await (await requestWasmAdapter({ threads })).requestDevice();
    const buffers = BINDINGS.flatMap(({ type, size }) => [
      guardedBuffer(device, { type, size }),
      guardedBuffer(device, { type, size: 0 }),
    ]);
    const entries = BINDINGS.map(({ type }, binding) => ({ binding, visibility: 4, buffer: { type } }));
    return new HostileDevice(device, buffers, device.createBindGroupLayout({ entries }));
  }

  /** Runs a shader on fresh content, checks that it changed only its own bytes, and returns what it read. */
  async run(code: string, words: Uint32Array<ArrayBuffer>): Promise<Float32Array> {
    const { device, buffers, layout } = this;
    const bound = buffers.filter(({ size }) => size > 0);
    for (const { buffer, content } of buffers) device.queue.writeBuffer(buffer, 0, content);
    device.queue.writeBuffer(bound[0]!.buffer, GUARD_BYTES, words);
    const pipeline = await device.createComputePipelineAsync({
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module: device.createShaderModule({ code }) },
    });
    const entries = bound.map(({ buffer, size }, binding) => ({
      binding,
      resource: { buffer, offset: GUARD_BYTES, size },
    }));
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
    pass.dispatchWorkgroups(3);
    pass.end();
    device.queue.submit([encoder.finish()]);
    for (const [i, { buffer, type, size, content }] of buffers.entries()) {
      const now = new Uint32Array(await contentOf(device, buffer));
      const expected = content.slice();
      if (i === 0) expected.set(words, GUARD_BYTES / 4);
      const own = [GUARD_BYTES / 4, (GUARD_BYTES + size) / 4] as const;
      if (type === 'storage') expected.set(now.subarray(...own), own[0]);
      const at = now.findIndex((word, k) => word !== expected[k]);
      if (at >= 0) throw new Error(`${buffer.label}: the shader changed word ${at}`);
    }
    return new Float32Array(await contentOf(device, bound[1]!.buffer, GUARD_BYTES, bound[1]!.size));
  }
}

function guardedBuffer(device: GPUDevice, { type, size }: { type: GPUBufferBindingType; size: number }): Guarded {
  const content = new Uint32Array((2 * GUARD_BYTES + size) / 4).fill(GUARD);
  content.set(new Uint32Array(ownContent(size).buffer), GUARD_BYTES / 4);
  const usage = type === 'uniform' ? USAGE.UNIFORM | USAGE.COPY_SRC | USAGE.COPY_DST : STORAGE;
  return {
    buffer: device.createBuffer({ label: `${type} of ${size}`, size: content.byteLength, usage }),
    type,
    size,
    content,
  };
}

/** Runs the bare module in a memory with guards around every binding and the scratch memory. Returns what it read. */
function runBare(code: string, words: Uint32Array): Float32Array {
  const buffers = Object.fromEntries(BINDINGS.map(({ name, size }) => [name, ownContent(size)]));
  run(code, { ...buffers, indices: words.slice() }, { workgroups: [3] });
  return buffers.found!;
}

/**
 * Checks that no guard was read: a guard, alone or in a sum, is far larger than any sum of the shader's own content.
 */
function expectOwn(found: Float32Array): void {
  const strange = found.findIndex(value => !(Math.abs(value) <= 1e9));
  expect([strange, found[strange]]).toEqual([-1, undefined]);
}

const devices = new Map<number, HostileDevice>();
const THREADS = [0, 1, 2] as const;
beforeAll(async () => {
  for (const threads of THREADS) devices.set(threads, await HostileDevice.open(threads));
});
afterAll(() => {
  for (const { device } of devices.values()) device.destroy();
});

/** Checks, on the bare module and on each device, that the shader neither writes nor reads outside its own memory. */
async function expectHarmless(code: string, words: Uint32Array<ArrayBuffer>): Promise<void> {
  const found = runBare(code, words);
  expectOwn(found);
  for (const threads of THREADS) expectOwn(await devices.get(threads)!.run(code, words));
}

describe.each(HOSTILE.map(shader => [shader.why, shader] as const))('%s', (_, shader) => {
  for (const [why, index] of INDICES)
    it(`with an index that is ${why}`, () =>
      expectHarmless(hostileSource(shader, index), WORDS as Uint32Array<ArrayBuffer>));
});

describe('a literal index', () => {
  const compile = async (place: string, more: Partial<HostileShader> = {}) => {
    const { device } = devices.get(1)!;
    const module = device.createShaderModule({ code: hostileSource({ why: '', place, ...more }, 'word') });
    await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
  };

  it.each([
    ['a[5]', { before: 'var a: array<f32, 5>;' }],
    ['a[-1]', { before: 'var a: array<f32, 5>;' }],
    ['a[4]', { before: 'var a: vec4f;' }],
    ['a[3][0]', { before: 'var a: mat3x3f;' }],
    ['a[5]', { module: 'var<private> a: array<f32, 5>;' }],
    ['a[5]', { module: 'var<workgroup> a: array<f32, 5>;' }],
    ['nested.sized[5]', {}],
    ['nested.deep[0][3]', {}],
    ['uniforms.rows[3].x', { readOnly: true }],
    ['plain[-1]', {}],
  ])('%s is refused', async (place, more) => {
    await expect(compile(place, more)).rejects.toMatchObject({ name: 'GPUPipelineError', reason: 'validation' });
  });

  it.each(['plain[7]', 'plain[1073741824]', 'plain[4294967295u]', 'wide[3].x', 'nested.rest[2].values[2]'])(
    '%s, whose bound is only known at run time, stays inside its binding',
    place => expectHarmless(hostileSource({ why: '', place }, 'word'), WORDS as Uint32Array<ArrayBuffer>),
  );
});

describe('loops', () => {
  const MOST_TURNS = 60;
  const edge = fc.oneof(
    fc.integer({ min: 0, max: 12 }),
    fc.constantFrom(...WORDS),
    fc.integer({ min: 0, max: 0xffffffff }),
  );
  /** Returns whether every kind of counter ends soon, with or without wraparound. */
  const ends = ([start, end, step]: readonly number[]) => {
    const count = (from: number, goes: (i: number) => boolean, next: (i: number) => number) => {
      let turns = 0;
      for (let i = from; goes(i); i = next(i)) if (++turns > MOST_TURNS) return false;
      return true;
    };
    return (
      count(
        start!,
        i => i < end!,
        i => (i + step!) >>> 0,
      ) &&
      count(
        end!,
        i => i > start!,
        i => (i - step!) >>> 0,
      ) &&
      count(
        start! | 0,
        i => i < (end! | 0),
        i => (i + step!) | 0,
      )
    );
  };
  const turn = fc
    .record({
      start: edge,
      turns: fc.integer({ min: 0, max: MOST_TURNS - 1 }),
      step: fc.oneof(fc.constant(1), edge),
      stride: edge,
      offset: edge,
    })
    .map(({ start, turns, step, stride, offset }) => [start, (start + turns * step) >>> 0, step, stride, offset])
    .filter(ends);
  const counted = fc
    .record({ start: edge, turns: fc.nat({ max: 20 }), stride: edge, offset: edge })
    .map(({ start, turns, stride, offset }) => [start, (start + turns) >>> 0, 1, stride, offset])
    .filter(run => [1, 2, 3].every(step => ends([run[0]!, run[1]!, step])));
  const RUNS = Math.floor(INDEX_WORDS / 5);

  async function expectHarmlessLoops(statements: string, run: fc.Arbitrary<number[]>): Promise<void> {
    const code = loopSource(statements);
    const runs = fc.array(run, { minLength: RUNS, maxLength: RUNS });
    for (const sample of fc.sample(runs, { numRuns: 12, seed: 3 })) {
      const words = new Uint32Array(INDEX_WORDS);
      words.set(sample.flat());
      await expectHarmless(code, words);
    }
  }

  it.each(LOOPS)('with any step: %s', (_, statements) => expectHarmlessLoops(statements, turn));
  it.each(COUNTED_LOOPS)('with a literal step: %s', (_, statements) => expectHarmlessLoops(statements, counted));
});

it('no device is lost, and the device still computes', async () => {
  for (const { device } of devices.values()) {
    const lost = await Promise.race([device.lost, Promise.resolve('not lost')]);
    expect(lost).toBe('not lost');
  }
  const found = await devices
    .get(2)!
    .run(hostileSource({ why: '', place: 'plain[I]' }, 'k'), WORDS as Uint32Array<ArrayBuffer>);
  expect([...found.subarray(0, 4)]).toEqual([7.5, 7.5, 7.5, 7.5]);
});
