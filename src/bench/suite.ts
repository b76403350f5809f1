import { UsageError } from '../errors/index.ts';
import { distinctConvolutions } from '../nn/resnet_work.ts';
import { registeredKernels } from '../oracle/case_tables.ts';
import { isResNetArchitecture, RESNET_ARCHITECTURES } from '../weights/resnet_shapes.ts';
import { ConvolutionSubject, directVariants } from './convolution_subject.ts';
import { benchSubjects, type SubjectBenchOptions } from './kernel_bench.ts';
import type { KernelResult } from './kernel_result.ts';
import { kernelSubjects } from './kernel_subject.ts';
import type { Subject } from './subject.ts';

interface SuiteOptions {
  /** `conv2d`, one of its variants, or another kernel. Default: the operations of a network. */
  readonly kernel?: string;
  /** `resnet152`, or shapes of convolutions: N,C,H,W[,O[,K[,S]]], separated by spaces or semicolons. */
  readonly shapes?: string;
  /** Images per batch, for the shapes of a network. */
  readonly batch?: number;
}

interface Suite {
  readonly subjects: readonly Subject[];
  /** The variant, if `kernel` named one. */
  readonly variant?: string;
}

export type KernelBenchOptions = SubjectBenchOptions & SuiteOptions;

/**
 * Runs `benchSubjects` on the kernels and shapes that the options select.
 *
 * @throws UsageError   the kernel or variant is unknown, or a shape is not valid
 * @throws DeviceError  the adapter failed
 */
export async function benchKernels(options: KernelBenchOptions): Promise<KernelResult> {
  const { subjects, variant = options.variant } = await suiteOf(options);
  return benchSubjects(subjects, { ...options, variant });
}

/** Kernels of a forward pass besides its convolutions. */
const NETWORK_KERNELS = ['max_pool2d', 'global_avg_pool2d', 'linear'];

/**
 * Returns what `kernel` and `shapes` select.
 *
 * @throws UsageError  the kernel is unknown, or a shape is not valid
 */
export async function suiteOf({ kernel, shapes = 'resnet152', batch = 1 }: SuiteOptions): Promise<Suite> {
  const variants = directVariants().map(({ name }) => name);
  const isConvolution = kernel === undefined || kernel === 'conv2d' || variants.includes(kernel);
  const others = registeredKernels.map(({ name }) => name).filter(name => !variants.includes(name));
  if (!isConvolution && !others.includes(kernel))
    throw new UsageError(`bench: unknown kernel "${kernel}". Known: ${[...variants, ...others].sort().join(', ')}`);
  if (!isConvolution) return { subjects: await kernelSubjects(kernel) };
  const convolutions = isResNetArchitecture(shapes)
    ? distinctConvolutions(shapes, { batch }).map(({ shape, modules }) => new ConvolutionSubject(shape, modules))
    : convolutionsOf(shapes);
  if (kernel !== undefined && kernel !== 'conv2d') return { subjects: convolutions, variant: kernel };
  const isWholeNetwork = kernel === undefined && isResNetArchitecture(shapes) && batch === 1;
  const rest = await Promise.all((isWholeNetwork ? NETWORK_KERNELS : []).map(kernelSubjects));
  return { subjects: [...convolutions, ...rest.map(([first]) => first!)] };
}

function convolutionsOf(shapes: string): ConvolutionSubject[] {
  return shapes
    .split(/[\s;]+/)
    .filter(text => text !== '')
    .map(text => {
      const sizes = text.split(',').map(Number);
      const [batch, channels, side, width, outChannels = channels, kernelSize = 3, stride = 1] = sizes;
      const isRight = sizes.length >= 4 && sizes.length <= 7 && sizes.every(size => Number.isInteger(size) && size > 0);
      if (!isRight || side !== width || kernelSize % 2 === 0)
        throw new UsageError(
          `bench: "${text}" is not a shape. Use ${RESNET_ARCHITECTURES.join(', ')}, or N,C,H,W[,O[,K[,S]]]: square planes, O output channels, an odd window of K pixels, stride S`,
        );
      return new ConvolutionSubject({
        batch: batch!,
        channels: channels!,
        outChannels: outChannels!,
        kernelSize: [kernelSize, kernelSize],
        stride,
        padding: (kernelSize - 1) / 2,
        size: [side!, side!],
        residual: false,
        relu: true,
      });
    });
}
