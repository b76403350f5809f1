/** The kernels behind a layer: what ran, how fast, and the alternatives. */
import { ConvolutionSubject } from '../../../bench/convolution_subject.ts';
import { benchSubjects } from '../../../bench/kernel_bench.ts';
import type { KernelResult } from '../../../bench/kernel_result.ts';
import { InputError } from '../../../errors/index.ts';
import { findOperation, type Operation, operationsOf } from '../../../inspection/operations.ts';
import type { Engine } from '../engine.ts';
import { type LayerKernels, measureLayerKernels } from '../layer_kernels.ts';
import type { Call } from '../serve_calls.ts';

export const kernelMethods = {
  /**
   * Returns an operation's dispatches in the open network, and their times.
   *
   * @throws InputError  it has none of its own
   */
  async layerKernels(
    { image, layer }: { image: string; layer: string },
    { engine }: Call<Engine>,
  ): Promise<LayerKernels> {
    const operation = findOperation(operationsOf(engine.network.backbone), layer);
    return measureLayerKernels(engine, await engine.image(image), operation);
  },

  /**
   * Benchmarks every variant that supports a convolution's shape, on a separate device: checks it against f64, times
   * it, and measures the adapter's peak rates.
   *
   * @throws InputError  the layer is not a convolution
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
  if (!convolution) throw new InputError(`kernels: ${path} is not a convolution, so it has only one variant`);
  const { channels, kernelSize, stride } = convolution;
  const side = operations.find(operation => operation.path === input)?.shape[1] ?? 224;
  const padding = (kernelSize - 1) / 2;
  const window = { kernelSize: [kernelSize, kernelSize], stride, padding, size: [side, side] } as const;
  return new ConvolutionSubject({ batch: 1, channels, outChannels: shape[0]!, ...window, residual: false, relu: true });
}
