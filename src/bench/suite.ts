import { UsageError } from '../errors/index.ts';
import { distinctConvolutions } from '../nn/resnet_work.ts';
import { isResNetArchitecture, RESNET_ARCHITECTURES } from '../weights/resnet_shapes.ts';
import { ConvolutionSubject, directVariants } from './convolution_subject.ts';
import { benchSubjects, type SubjectBenchOptions } from './kernel_bench.ts';
import type { KernelResult } from './kernel_result.ts';
import { kernelNames, kernelSubjects } from './kernel_rows.ts';
import type { Subject } from './subject.ts';

export interface SuiteOptions {
  /** `conv2d`, one of its variants, or another kernel; the network's operations unless said. */
  readonly kernel?: string;
  /** `resnet152`, or shapes of convolutions: N,C,H,W[,O[,K[,S]]], several of them after one another with spaces or semicolons. */
  readonly shapes?: string;
  /** Images in a batch, for a network's shapes. */
  readonly batch?: number;
}

export interface Suite {
  readonly subjects: readonly Subject[];
  /** The variant that was named as the kernel. */
  readonly variant?: string;
}

export type KernelBenchOptions = SubjectBenchOptions & SuiteOptions;

/**
 * `benchSubjects` of a suite.
 *
 * @throws UsageError   no such kernel, shape or variant
 * @throws DeviceError  the adapter failed
 */
export async function benchKernels(options: KernelBenchOptions): Promise<KernelResult> {
  const { subjects, variant = options.variant } = suiteOf(options);
  return benchSubjects(subjects, { ...options, variant });
}

/** What a forward pass runs beside its convolutions. */
const NETWORK_KERNELS = ['max_pool2d', 'global_avg_pool2d', 'linear'];

/** @throws UsageError  no such kernel, or a shape that is none */
export function suiteOf({ kernel, shapes = 'resnet152', batch = 1 }: SuiteOptions): Suite {
  const variants = directVariants().map(({ name }) => name);
  const isConvolution = kernel === undefined || kernel === 'conv2d' || variants.includes(kernel);
  if (!isConvolution && !kernelNames().includes(kernel))
    throw new UsageError(
      `bench: no kernel "${kernel}". There are conv2d, ${[...variants.filter(name => name !== 'conv2d'), ...kernelNames()].join(', ')}`,
    );
  if (!isConvolution) return { subjects: kernelSubjects(kernel) };
  const convolutions = isResNetArchitecture(shapes)
    ? distinctConvolutions(shapes, { batch }).map(({ shape, modules }) => new ConvolutionSubject(shape, modules))
    : convolutionsOf(shapes);
  if (kernel !== undefined && kernel !== 'conv2d') return { subjects: convolutions, variant: kernel };
  const others = kernel === undefined && isResNetArchitecture(shapes) && batch === 1 ? NETWORK_KERNELS : [];
  return { subjects: [...convolutions, ...others.flatMap(name => kernelSubjects(name).slice(0, 1))] };
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
          `bench: "${text}" is no shape. Give ${RESNET_ARCHITECTURES.join(', ')}, or N,C,H,W[,O[,K[,S]]]: square planes, O channels out, an odd window of K pixels, stride S`,
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
