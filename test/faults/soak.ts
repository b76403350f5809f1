/**
 * Long-running work that reports the resources of the process as one line of JSON. scripts/soak.mjs runs it in its own
 * process with --expose-gc:
 *
 *     passes       forward passes of a network, then an idle second, then the device's end
 *     devices      devices that are opened, used and destroyed
 *     predictions  X-rays through `predictImage`, on a narrow network
 */
import { readdirSync } from 'node:fs';
import { type BuildOptions, buildNetwork } from '../../src/inference/network.ts';
import { predictImage } from '../../src/inference/predict.ts';
import { relu } from '../../src/kernels/relu.ts';
import { Head } from '../../src/nn/head.ts';
import { ResNet } from '../../src/nn/resnet.ts';
import { Device } from '../../src/runtime/device.ts';
import type { WasmDevice } from '../../src/wasm/device/device.ts';
import { syntheticBackbone, syntheticImage } from '../../src/weights/synthetic_network.ts';
import { narrowBackbone, narrowHead } from './narrow_network.ts';

export interface SoakOptions {
  readonly count: number;
  readonly adapter: 'wasm' | 'swiftshader' | 'gpu';
  readonly threads: number;
  /** Width and height of the image, in pixels. */
  readonly side: number;
}

/** Resources of the process. Threads and files are counted on Linux only. */
export interface Holding {
  readonly rssMB: number;
  readonly heapMB: number;
  readonly liveBytes: number;
  readonly pooledBytes: number;
  /** The wasm device's bytes in use, and the size of its memory. */
  readonly wasmUsedBytes: number;
  readonly wasmReservedBytes: number;
  readonly threads: number;
  readonly files: number;
  /** What keeps the process alive. */
  readonly resources: readonly string[];
}

export interface SoakResult {
  readonly work: string;
  readonly count: number;
  readonly elapsedMs: number;
  /** After the first tenth, halfway, and at the end, while the device is still open. */
  readonly holdings: readonly Holding[];
  /** Number of results that differ from the first one for the same input. */
  readonly differing: number;
  readonly peakWasmBytes: number;
  readonly peakRssMB: number;
  /** CPU time of the whole process during a second without work for the device. */
  readonly idleCpuMs: number;
  /** After the device was destroyed. */
  readonly afterwards: Holding;
}

declare const gc: () => void;
const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

/** Returns options that keep the GPUDevice behind a Device, and its memory use. */
function observed(options: SoakOptions): { readonly open: BuildOptions; use(): Partial<WasmDevice['heapUse']> } {
  let gpu: GPUDevice | undefined;
  return {
    open: {
      adapter: options.adapter,
      threads: options.threads,
      observe: found => {
        gpu = found;
        return found;
      },
    },
    use: () => (gpu as Partial<WasmDevice> | undefined)?.heapUse ?? {},
  };
}

async function holding(device: Device | undefined, wasm: Partial<WasmDevice['heapUse']> = {}): Promise<Holding> {
  for (let i = 0; i < 3; i++) {
    gc();
    await sleep(20);
  }
  const { rss, heapUsed } = process.memoryUsage();
  const count = (folder: string) => (process.platform === 'linux' ? readdirSync(folder).length : 0);
  return {
    rssMB: rss / 1e6,
    heapMB: heapUsed / 1e6,
    liveBytes: device?.memoryUse.liveBytes ?? 0,
    pooledBytes: device?.memoryUse.pooledBytes ?? 0,
    wasmUsedBytes: wasm.usedBytes ?? 0,
    wasmReservedBytes: wasm.reservedBytes ?? 0,
    threads: count('/proc/self/task'),
    files: count('/proc/self/fd'),
    resources: process.getActiveResourcesInfo().filter(name => !['TTYWrap', 'PipeWrap', 'Timeout'].includes(name)),
  };
}

/** Calls `once` `count` times, and records the resources after the first tenth, halfway, and at the end. */
async function repeat(
  count: number,
  once: (i: number) => Promise<string>,
  look: () => Promise<Holding>,
): Promise<{ holdings: Holding[]; differing: number }> {
  const holdings: Holding[] = [];
  const stops = [Math.ceil(count / 10), Math.ceil(count / 2), count];
  const first = new Map<number, string>();
  let differing = 0;
  for (let i = 0; i < count; i++) {
    const result = await once(i);
    const known = first.get(i % VARIETY);
    if (known === undefined) first.set(i % VARIETY, result);
    else if (known !== result) differing++;
    if (stops.includes(i + 1)) holdings.push(await look());
    if (process.stderr.isTTY && i % 100 === 99) process.stderr.write(`\r${i + 1}/${count} `);
  }
  return { holdings, differing };
}

/** Number of different inputs, used in turn. */
const VARIETY = 4;

async function idleCpuMs(): Promise<number> {
  const before = process.cpuUsage();
  await sleep(1000);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e3;
}

async function passes(options: SoakOptions): Promise<SoakResult> {
  const { open, use } = observed(options);
  const device = await Device.open(open);
  const model = await ResNet.load(device, syntheticBackbone('resnet18'));
  const shape = [1, 3, options.side, options.side] as const;
  const image = syntheticImage(shape);
  const startedMs = performance.now();
  const pass = async (i: number) => {
    const x = device.tensor(i % VARIETY === 0 ? image : image.map(value => value * (1 + (i % VARIETY))), shape);
    const { features, logits } = model.forward(x);
    const values = await logits!.read();
    for (const tensor of [x, features, logits]) tensor?.dispose();
    return values.join();
  };
  const repeated = await repeat(options.count, pass, () => holding(device, use()));
  const elapsedMs = performance.now() - startedMs;
  const idle = await idleCpuMs();
  const peakWasmBytes = use().peakBytes ?? 0;
  device.dispose();
  return summary('passes', { ...options, ...repeated, elapsedMs, idle, peakWasmBytes });
}

async function devices(options: SoakOptions): Promise<SoakResult> {
  const startedMs = performance.now();
  let peakWasmBytes = 0;
  const once = async () => {
    const { open, use } = observed(options);
    const device = await Device.open(open);
    const x = device.tensor(syntheticImage([1, 3, 32, 32]), [1, 3, 32, 32]);
    const values = await device.run(relu, { x }, {}).y.read();
    peakWasmBytes = Math.max(peakWasmBytes, use().peakBytes ?? 0);
    device.dispose(); // also frees everything on the device
    return values.join();
  };
  const repeated = await repeat(options.count, once, () => holding(undefined));
  return summary('devices', {
    ...options,
    ...repeated,
    elapsedMs: performance.now() - startedMs,
    idle: await idleCpuMs(),
    peakWasmBytes,
  });
}

async function predictions(options: SoakOptions): Promise<SoakResult> {
  const { open, use } = observed(options);
  const network = await buildNetwork(narrowBackbone(), open);
  const head = new Head(network.device, narrowHead());
  const images = Array.from({ length: VARIETY }, (_, k) => ({
    width: 40 + k,
    height: 30,
    pixels: Uint8Array.from({ length: (40 + k) * 30 * 3 }, (_, i) => (i * (37 + k)) % 256),
  }));
  const startedMs = performance.now();
  const repeated = await repeat(
    options.count,
    async i => JSON.stringify(await predictImage(network, head, images[i % VARIETY]!)),
    () => holding(network.device, use()),
  );
  const elapsedMs = performance.now() - startedMs;
  const idle = await idleCpuMs();
  const peakWasmBytes = use().peakBytes ?? 0;
  head.dispose();
  await network.dispose();
  return summary('predictions', { ...options, ...repeated, elapsedMs, idle, peakWasmBytes });
}

async function summary(
  work: string,
  found: SoakOptions & {
    readonly holdings: readonly Holding[];
    readonly differing: number;
    readonly elapsedMs: number;
    readonly idle: number;
    readonly peakWasmBytes: number;
  },
): Promise<SoakResult> {
  const { count, elapsedMs, holdings, differing, idle, peakWasmBytes } = found;
  await sleep(200);
  return {
    work,
    count,
    elapsedMs,
    holdings,
    differing,
    peakWasmBytes,
    peakRssMB: process.resourceUsage().maxRSS / 1e3,
    idleCpuMs: idle,
    afterwards: await holding(undefined),
  };
}

const WORK = { passes, devices, predictions };
const [work, options] = JSON.parse(process.argv[2]!) as [keyof typeof WORK, SoakOptions];
console.log(JSON.stringify(await WORK[work](options)));
