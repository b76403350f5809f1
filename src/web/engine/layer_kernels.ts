/** Lists and times the dispatches of an operation of the open network. */
import type { DecodedImage } from '#platform';
import { type Summary, summarize } from '../../bench/statistics.ts';
import { InputError } from '../../errors/index.ts';
import { leastBytes, type Operation, operationsOf } from '../../inspection/operations.ts';
import { observeDispatches } from '../../observe/observe_dispatches.ts';
import { bestOf, Timer } from '../../observe/timer.ts';
import type { Engine } from './engine.ts';
import { recordForward } from './forward.ts';

export interface LayerDispatch {
  readonly kernel: string;
  readonly workgroups: readonly [number, number, number];
  readonly constants: Readonly<Record<string, number>>;
  /** Index into `shaders`. */
  readonly shader: number;
  /** Time of this dispatch alone. */
  readonly ms: number;
}

export interface LayerKernels {
  readonly path: string;
  readonly dispatches: readonly LayerDispatch[];
  /** WGSL sources. */
  readonly shaders: readonly string[];
  /** Milliseconds of all dispatches together. */
  readonly time: Summary;
  /** Whether the times are from the adapter's clock; otherwise from the host's. */
  readonly isAdapterTime: boolean;
  /** Useful operations; a convolution counts as a direct one. */
  readonly flop: number;
  /** Bytes that must be moved at least. */
  readonly bytes: number;
}

const SAMPLES = 9;
const SAMPLES_OF_EACH = 3;

/** Times an operation's dispatches. @throws InputError  it is fused into another operation */
export async function measureLayerKernels(
  engine: Engine,
  image: DecodedImage,
  operation: Operation,
): Promise<LayerKernels> {
  const { network, observer } = engine;
  const { device, backbone } = network;
  const all = await observeDispatches(device, observer, () => {
    for (const tensor of Object.values(recordForward(network, image))) tensor?.dispose();
  });
  try {
    const dispatched = all.filter(({ label }) => label === operation.path);
    if (dispatched.length === 0)
      throw new InputError(`kernels: ${operation.path} is fused into the operation before it. Choose that one`);
    const timer = new Timer(observer, device.adapter.kind);
    const sample = async (work: typeof dispatched, count: number) => {
      const repeats = await timer.warmUp(work);
      const times: number[] = [];
      for (let i = 0; i < count; i++) times.push(bestOf(await timer.sample(work, repeats)));
      return summarize(times);
    };
    const time = await sample(dispatched, SAMPLES);
    const shaders: string[] = [];
    const dispatches: LayerDispatch[] = [];
    for (const one of dispatched) {
      const { code, constants } = observer.descriptors.wantedOf(one.pipeline);
      if (!shaders.includes(code)) shaders.push(code);
      const { median: ms } = dispatched.length > 1 ? await sample([one], SAMPLES_OF_EACH) : time;
      dispatches.push({ kernel: one.kernel, workgroups: one.workgroups, constants, shader: shaders.indexOf(code), ms });
    }
    return {
      path: operation.path,
      dispatches,
      shaders,
      time,
      isAdapterTime: observer.hasTimestamps,
      flop: operation.flop,
      bytes: leastBytes(operationsOf(backbone), operation),
    };
  } finally {
    observer.release(all);
  }
}
