import { finite } from '../inference/finite.ts';
import { type WeightSettings, weightOptions } from '../inference/network.ts';
import { ResNet } from '../nn/resnet.ts';
import { type ObservedDevice, openObserved } from '../observe/observed_device.ts';
import type { DeviceOptions } from '../runtime/device.ts';
import type { Backbone } from '../weights/backbone.ts';
import type { ResNetArchitecture } from '../weights/resnet_shapes.ts';
import { syntheticBackbone } from '../weights/synthetic_network.ts';
import { type CompileTimes, compileAll } from './cold_pipelines.ts';
import type { ColdStart } from './model_result.ts';

/** A device with a network on it, and its observer. */
export interface ModelSession extends ObservedDevice {
  readonly model: ResNet;
  readonly image: Float32Array;
  readonly shape: readonly number[];
  readonly eager: boolean;
  /** All buffers after the network is loaded. */
  readonly loadedBytes: number;
  /** The peak of all buffers until the network was loaded. */
  readonly peakLoadBytes: number;
}

interface StartOptions extends DeviceOptions, WeightSettings {
  readonly eager?: boolean;
  /** Pipelines to compile before the network is loaded. */
  readonly wanted?: Parameters<typeof compileAll>[1];
  readonly image: Float32Array;
  readonly shape: readonly number[];
}

/** Opens a device, compiles `wanted`, loads the network and runs it once. Times each stage. @throws DeviceError */
export async function coldStart(
  backbone: Backbone,
  options: StartOptions,
): Promise<{ session: ModelSession; times: Omit<ColdStart, 'nextForwardsMs'> }> {
  const clock = stopwatch();
  const { device, observer } = await openObserved(options);
  const deviceOpenMs = clock();
  try {
    const compile: CompileTimes = await compileAll(observer, options.wanted ?? []);
    clock();
    const model = await ResNet.load(device, backbone, await weightOptions(options, device.adapter));
    await observer.gpu.queue.onSubmittedWorkDone();
    const weightsMs = clock();
    const { liveBytes: loadedBytes, peakBytes: peakLoadBytes } = observer.deviceBytes;
    observer.resetPeak();
    const { image, shape, eager = false } = options;
    const session = { device, observer, model, image, shape, eager, loadedBytes, peakLoadBytes };
    const { totalMs: firstForwardMs } = await forwardOnce(session);
    const totalMs = deviceOpenMs + compile.ms + weightsMs + firstForwardMs;
    return { session, times: { deviceOpenMs, compile, weightsMs, firstForwardMs, totalMs } };
  } catch (error) {
    device.dispose();
    throw error;
  }
}

export interface ForwardTime {
  readonly totalMs: number;
  readonly uploadMs: number;
  readonly forwardMs: number;
  readonly hostMs: number;
  readonly readbackMs: number;
}

/** Uploads the image, runs the network and reads the logits back. @throws DeviceError  a logit is not finite */
export async function forwardOnce({
  device,
  observer,
  model,
  image,
  shape,
  eager,
}: ModelSession): Promise<ForwardTime> {
  const { queue } = observer.gpu;
  const startedMs = performance.now();
  const clock = stopwatch();
  const x = device.tensor(image, shape, 'x');
  await queue.onSubmittedWorkDone();
  const uploadMs = clock();
  const calledMs = performance.now();
  const { logits, features } = eager ? model.forward(x) : model.infer(x);
  await device.submit();
  await queue.onSubmittedWorkDone();
  const forwardMs = clock();
  const values = await logits!.read(); // synthetic networks and the zoo's have an fc
  const readbackMs = clock();
  const totalMs = performance.now() - startedMs;
  const hostMs = (observer.firstSubmitMs(calledMs) ?? calledMs) - calledMs;
  finite('fc', values);
  for (const tensor of eager ? [x, logits, features] : [x]) tensor?.dispose();
  return { totalMs, uploadMs, forwardMs, hostMs, readbackMs };
}

/** Returns the logits of the session's image, [N * 1000]. @throws DeviceError  one is not finite */
export async function logitsOf({ device, model, image, shape }: ModelSession): Promise<Float32Array> {
  const x = device.tensor(image, shape, 'x');
  const values = finite('fc', await model.infer(x).logits!.read());
  x.dispose();
  return values;
}

/**
 * Returns a synthetic network with its weights computed in advance, so that the bench only times their way to the
 * device.
 */
export async function syntheticInMemory(architecture: ResNetArchitecture): Promise<Backbone> {
  const backbone = syntheticBackbone(architecture);
  const entries = await Promise.all(
    [...backbone.stateDict].map(async ([name, entry]) => {
      const values = await entry.read();
      return [name, { ...entry, read: async () => values }] as const;
    }),
  );
  return { ...backbone, stateDict: new Map(entries) };
}

/** Returns a function that returns the milliseconds since its last call. */
function stopwatch(): () => number {
  let lastMs = performance.now();
  return () => {
    const nowMs = performance.now();
    const elapsedMs = nowMs - lastMs;
    lastMs = nowMs;
    return elapsedMs;
  };
}
