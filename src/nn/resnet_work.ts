import { elementCount, type Shape } from '../runtime/shape.ts';
import { RESNET_LAYOUTS, type ResNetArchitecture } from '../weights/resnet_shapes.ts';
import type { StrideOn } from '../weights/zoo.ts';
import { type ConvolutionSize, outputSize, sizeKey } from './convolution_size.ts';

/** What one module does to a batch, from shapes alone. */
export interface ModuleWork {
  /** `layer1.0.conv1`, `maxpool`, `fc` */
  readonly path: string;
  readonly y: Shape;
  /** Useful: a multiply-add counts as two, a convolution as computed directly, whatever algorithm runs. */
  readonly flop: number;
  /** Missing for what is no convolution. */
  readonly convolution?: FusedConvolution;
}

/** A convolution with its epilogue, as a network runs it. */
export interface FusedConvolution extends ConvolutionSize {
  /** Whether the shortcut is added in the epilogue. */
  readonly residual: boolean;
  /** Whether a relu ends the epilogue. */
  readonly relu: boolean;
}

export interface WorkOptions {
  readonly batch?: number;
  /** Height and width of the images in pixels. */
  readonly side?: number;
  readonly strideOn?: StrideOn;
}

/** Every convolution of a network, its pools and its classifier, in the order they run. */
export function resnetWork(architecture: ResNetArchitecture, options: WorkOptions = {}): ModuleWork[] {
  const { batch = 1, side: image = 224, strideOn = '3x3' } = options;
  const { block, blocks, features } = RESNET_LAYOUTS[architecture];
  const modules: ModuleWork[] = [];
  let side = image;
  let channels = 3;
  const convolve = (path: string, outChannels: number, [kernel, stride]: readonly [number, number], end: Epilogue) => {
    const padding = (kernel - 1) / 2;
    const window = { kernel: [kernel, kernel], stride, padding, size: [side, side] } as const;
    const shape = { batch, channels, outChannels, ...window, ...end };
    modules.push({ path, ...convolutionWork(shape), convolution: shape });
    return { side: outputSize(shape)[0], channels: outChannels };
  };
  const pool = (path: string, y: Shape, perElement: number) =>
    modules.push({ path, y, flop: perElement * y.reduce((product, size) => product * size, 1) });

  ({ side, channels } = convolve('conv1', 64, [7, 2], RELU));
  side = Math.floor((side + 2 - 3) / 2) + 1;
  pool('maxpool', [batch, channels, side, side], 9);
  for (const [stage, count] of blocks.entries())
    for (let index = 0; index < count; index++) {
      const path = `layer${stage + 1}.${index}`;
      const width = 64 * 2 ** stage;
      const stride = index === 0 && stage > 0 ? 2 : 1;
      const [first, second] = block === 'basic' ? [stride, 1] : strideOn === '1x1' ? [stride, 1] : [1, stride];
      const outChannels = block === 'basic' ? width : 4 * width;
      const from = { side, channels };
      const inner: [string, number, readonly [number, number]][] =
        block === 'basic'
          ? [
              ['conv1', width, [3, first]],
              ['conv2', width, [3, second]],
            ]
          : [
              ['conv1', width, [1, first]],
              ['conv2', width, [3, second]],
              ['conv3', outChannels, [1, 1]],
            ];
      const last = inner.pop()!;
      for (const [name, outputs, window] of inner)
        ({ side, channels } = convolve(`${path}.${name}`, outputs, window, RELU));
      const before = { side, channels };
      if (stride > 1 || from.channels !== outChannels) {
        ({ side, channels } = from);
        convolve(`${path}.downsample.0`, outChannels, [1, stride], PLAIN);
        ({ side, channels } = before);
      }
      ({ side, channels } = convolve(`${path}.${last[0]}`, last[1], last[2], { residual: true, relu: true }));
    }
  pool('avgpool', [batch, features], side * side);
  modules.push({ path: 'fc', y: [batch, 1000], flop: 2 * batch * features * 1000 });
  return modules;
}

type Epilogue = Pick<FusedConvolution, 'residual' | 'relu'>;

const RELU: Epilogue = { residual: false, relu: true };
const PLAIN: Epilogue = { residual: false, relu: false };

/** Taps in the padding count as the rest: that is how convolutions are compared everywhere. */
export function convolutionWork(shape: ConvolutionSize): { y: Shape; flop: number } {
  const { batch, channels, outChannels, kernel } = shape;
  const y = [batch, outChannels, ...outputSize(shape)];
  return { y, flop: 2 * elementCount(y) * channels * kernel[0] * kernel[1] };
}

/** Each size of a network's convolutions once, whatever its epilogue: with scale, shift and relu, as most have it. */
export function plainConvolutions(architecture: ResNetArchitecture, options?: WorkOptions): FusedConvolution[] {
  const plain = distinctConvolutions(architecture, options).map(({ shape }) => ({
    ...shape,
    residual: false,
    relu: true,
  }));
  return [...new Map(plain.map(shape => [sizeKey(shape), shape])).values()];
}

/** Distinct convolutions of a network, each with the modules that have it. */
export function distinctConvolutions(
  architecture: ResNetArchitecture,
  options: WorkOptions = {},
): { shape: FusedConvolution; modules: readonly string[] }[] {
  const found = new Map<string, { shape: FusedConvolution; modules: string[] }>();
  for (const { path, convolution } of resnetWork(architecture, options)) {
    if (!convolution) continue;
    const key = JSON.stringify(convolution);
    const known = found.get(key) ?? { shape: convolution, modules: [] };
    known.modules.push(path);
    found.set(key, known);
  }
  return [...found.values()];
}
