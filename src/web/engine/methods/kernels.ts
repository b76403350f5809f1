/** The kernels behind a layer: what ran, how fast, and what else could. */
import { benchKernels } from '../../../bench/kernel_bench.ts';
import type { KernelResult } from '../../../bench/kernel_result.ts';
import { InputError } from '../../../errors.ts';
import { findOperation, type Operation, operationsOf } from '../../../inference/operations.ts';
import type { Engine } from '../engine.ts';
import { type LayerKernels, measureLayerKernels } from '../layer_kernels.ts';
import type { Call } from '../serve_calls.ts';

export const kernelMethods = {
  /** The dispatches that an operation makes in the network that is open, and how long they take. @throws InputError  it makes none */
  async layerKernels(
    { image, layer }: { image: string; layer: string },
    { engine }: Call<Engine>,
  ): Promise<LayerKernels> {
    const operation = findOperation(operationsOf(engine.network.backbone), layer);
    return measureLayerKernels(engine, await engine.image(image), operation);
  },

  /**
   * Every variant that can do a convolution's shape, checked against f64 and timed, and the adapter's peaks: by the bench, on a device of
   * its own.
   *
   * @throws InputError  the layer is no convolution
   */
  async compareVariants(
    { layer }: { layer: string },
    { engine, signal, progress }: Call<Engine, string>,
  ): Promise<KernelResult> {
    const { backbone } = engine.network;
    const operation = findOperation(operationsOf(backbone), layer);
    return benchKernels({
      kernel: 'conv2d',
      shapes: shapeText(operation, operationsOf(backbone)),
      variant: 'all',
      samples: 7,
      ...engine.sameAdapter,
      host: {
        runtime: navigator.userAgent,
        cores: navigator.hardwareConcurrency,
        raycam: engine.site?.version ?? '',
        date: new Date().toISOString(),
      },
      signal,
      onProgress: (_done, _total, what) => progress(what),
    });
  },
};

/** As the bench takes it: N,C,H,W,O,K,S. */
function shapeText({ path, convolution, input, shape }: Operation, operations: readonly Operation[]): string {
  if (!convolution) throw new InputError(`kernels: ${path} is no convolution, and has one variant only`);
  const { channels, kernel, stride } = convolution;
  const side = operations.find(operation => operation.path === input)?.shape[1] ?? 224;
  return [1, channels, side, side, shape[0], kernel, stride].join();
}
