/** The kernels behind a layer: what ran, how fast, and what else could. */
import { ConvolutionSubject } from '../../../bench/convolution_subject.ts';
import { benchSubjects } from '../../../bench/kernel_bench.ts';
import type { KernelResult } from '../../../bench/kernel_result.ts';
import { InputError } from '../../../errors/index.ts';
import { findOperation, type Operation, operationsOf } from '../../../inspection/operations.ts';
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
    return benchSubjects([subjectOf(operation, operationsOf(backbone))], {
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

function subjectOf(
  { path, convolution, input, shape }: Operation,
  operations: readonly Operation[],
): ConvolutionSubject {
  if (!convolution) throw new InputError(`kernels: ${path} is no convolution, and has one variant only`);
  const { channels, kernel, stride } = convolution;
  const side = operations.find(operation => operation.path === input)?.shape[1] ?? 224;
  const padding = (kernel - 1) / 2;
  const window = { kernel: [kernel, kernel], stride, padding, size: [side, side] } as const;
  return new ConvolutionSubject({ batch: 1, channels, outChannels: shape[0]!, ...window, residual: false, relu: true });
}
