import { observeDispatches } from '../observe/observe_dispatches.ts';
import type { Observer } from '../observe/observer.ts';
import { bestOf, Timer } from '../observe/timer.ts';
import type { AdapterKind } from '../runtime/adapter.ts';
import { hasWideSimd } from '../runtime/adapter.ts';
import type { Device } from '../runtime/device.ts';
import { FMA_FLOP_PER_ROUND, peakCopy, peakFmaScalar, peakFmaVec4, peakFmaVec8, peakTriad } from './peak_kernels.ts';

/** Measured upper limits of an adapter. */
export interface Peaks {
  /**
   * A multiply-add counts as two operations. The fastest of shaders with vec4f, f32 and, on 256-bit SIMD, pairs of
   * vec4f.
   */
  readonly fmaGflops: number;
  /** 10^9 bytes per second, read and written, of tensors too large for any cache. */
  readonly copyGBps: number;
  readonly triadGBps: number;
  /** The triad of tensors that fit in caches, as do those of kernels that repeat on the same data. */
  readonly cachedTriadGBps: number;
}

/** Bytes of one tensor of the large copies; elements and rounds of the multiply-adds. */
const SIZES: Readonly<Record<AdapterKind, { bytes: number; elements: number; rounds: number }>> = {
  gpu: { bytes: 256e6, elements: 2 ** 21, rounds: 512 },
  wasm: { bytes: 64e6, elements: 2 ** 14, rounds: 1024 },
  software: { bytes: 64e6, elements: 2 ** 14, rounds: 512 },
};
const CACHED_BYTES = 256 * 1024;
/** The best of many samples counts: a peak is what the adapter reaches undisturbed. */
const SAMPLES = 16;

/** Measures all peaks. @throws DeviceError  the adapter failed */
export async function measurePeaks(device: Device, observer: Observer): Promise<Peaks> {
  const seconds = stopwatch(device, observer);
  const limit = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize);
  const large = floats(Math.min(SIZES[device.adapter.kind].bytes, limit));
  return {
    fmaGflops: await measureFma(device, observer),
    copyGBps: await copy(device, seconds, large),
    triadGBps: await triad(device, seconds, large),
    cachedTriadGBps: await triad(device, seconds, floats(CACHED_BYTES)),
  };
}

/** Measures only `fmaGflops`: how fast the adapter is right now. @throws DeviceError */
export async function measureFma(device: Device, observer: Observer): Promise<number> {
  const seconds = stopwatch(device, observer);
  const { elements, rounds } = SIZES[device.adapter.kind];
  const found = [
    await fma(device, seconds, peakFmaVec4, { elements: 4 * elements, rounds }),
    await fma(device, seconds, peakFmaScalar, { elements, rounds }),
  ];
  if (hasWideSimd(device.adapter))
    found.push(await fma(device, seconds, peakFmaVec8, { elements: 8 * elements, rounds }));
  return Math.max(...found);
}

function stopwatch(device: Device, observer: Observer): Seconds {
  const timer = new Timer(observer, device.adapter.kind);
  return async record => {
    const dispatched = await observeDispatches(device, observer, record);
    const repeats = await timer.warmUp(dispatched);
    const times: number[] = [];
    for (let i = 0; i < SAMPLES; i++) times.push(bestOf(await timer.sample(dispatched, repeats)));
    observer.release(dispatched);
    return Math.min(...times) / 1e3;
  };
}

type Seconds = (record: () => void) => Promise<number>;

async function fma(
  device: Device,
  seconds: Seconds,
  kernel: typeof peakFmaVec4,
  { elements, rounds }: { readonly elements: number; readonly rounds: number },
): Promise<number> {
  const x = device.tensor(new Float32Array(elements).fill(1), [elements], 'x');
  const time = await seconds(() => device.run(kernel, { x }, { rounds }).y.dispose());
  x.dispose();
  return (elements * rounds * FMA_FLOP_PER_ROUND) / time / 1e9;
}

async function copy(device: Device, seconds: Seconds, elements: number): Promise<number> {
  const [x, y] = filled(device, elements, 2);
  const time = await seconds(() => device.run(peakCopy, { x: x! }, {}, { outputs: { y: y! } }));
  await free(device, [x!, y!]);
  return (2 * 4 * elements) / time / 1e9;
}

async function triad(device: Device, seconds: Seconds, elements: number): Promise<number> {
  const [a, b, y] = filled(device, elements, 3);
  const time = await seconds(() => device.run(peakTriad, { a: a!, b: b! }, { scale: 3 }, { outputs: { y: y! } }));
  await free(device, [a!, b!, y!]);
  return (3 * 4 * elements) / time / 1e9;
}

/** Makes tensors and writes them once: the system may not provide memory that was never written. */
function filled(device: Device, elements: number, count: number) {
  const ones = new Float32Array(elements).fill(1);
  return Array.from({ length: count }, (_, i) => device.tensor(ones, [elements], `stream ${i}`));
}

async function free(device: Device, tensors: readonly { dispose(): void }[]): Promise<void> {
  for (const tensor of tensors) tensor.dispose();
  await device.trim();
}

/** Returns how many elements fit, rounded down to full workgroups of vec4f. */
function floats(bytes: number): number {
  return Math.floor(bytes / 4 / 256) * 256;
}
