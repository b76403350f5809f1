import { InputError } from '../errors/index.ts';
import type { AdapterReport } from '../runtime/adapter.ts';
import {
  algorithmName,
  algorithmNamed,
  type ConvolutionAlgorithm,
  layoutOf,
  type WeightLayout,
} from './convolution_algorithm.ts';
import { type ConvolutionLayer, type ConvolutionSize, fitsWinograd, layerKey, sizeKey } from './convolution_size.ts';

/** Of a file: that of a hundred networks has less. */
export const MOST_TUNING_BYTES = 4e6;
/** Raised where the kernels behind a name change so much that older measurements mislead. */
const TUNING_VERSION = 1;

/** What an adapter is known by: another's measurements say nothing of it. */
export type TunedAdapter = Pick<AdapterReport, 'kind' | 'vendor' | 'architecture' | 'description'>;

/** What was fastest of a size, and how fast. */
export interface TunedConvolution {
  readonly size: ConvolutionSize;
  readonly algorithm: ConvolutionAlgorithm;
  /** Median milliseconds of it. */
  readonly ms: number;
  /** The same of what is taken without tuning. */
  readonly untunedMs: number;
}

/** The file: JSON, the same from Node and from a page. */
interface TuningFile {
  readonly kind: 'tuning';
  readonly version: number;
  readonly adapter: TunedAdapter;
  readonly convolutions: readonly (Omit<TunedConvolution, 'algorithm'> & { readonly algorithm: string })[];
}

/** Which way of computing each convolution was measured to be the fastest on an adapter. */
export class Tuning {
  constructor(
    readonly adapter: TunedAdapter,
    readonly convolutions: readonly TunedConvolution[],
  ) {}

  /** Nothing where the size was not measured. */
  algorithmFor(size: ConvolutionSize): ConvolutionAlgorithm | undefined {
    const key = sizeKey(size);
    return this.convolutions.find(tuned => sizeKey(tuned.size) === key)?.algorithm;
  }

  /** What suits the largest batch that was measured with such weights; nothing where there is none. */
  layoutFor(layer: ConvolutionLayer): WeightLayout | undefined {
    const key = layerKey(layer);
    const [largest] = this.convolutions
      .filter(({ size }) => layerKey(size) === key)
      .sort((a, b) => b.size.batch - a.size.batch);
    return largest && layoutOf(largest.algorithm);
  }

  /** Whether it was measured on that adapter. Browsers keep a GPU's name to themselves, where Node tells it: such a pair is known by its family. */
  isOf(adapter: TunedAdapter): boolean {
    const own = this.adapter;
    return (
      own.kind === adapter.kind &&
      own.vendor === adapter.vendor &&
      own.architecture === adapter.architecture &&
      (own.description === adapter.description || isNameless(own) || isNameless(adapter))
    );
  }

  /** This, and what another measured; of a size that both have, the other's. */
  with({ convolutions }: Tuning): Tuning {
    const renewed = new Set(convolutions.map(({ size }) => sizeKey(size)));
    return new Tuning(this.adapter, [
      ...this.convolutions.filter(({ size }) => !renewed.has(sizeKey(size))),
      ...convolutions,
    ]);
  }

  encode(): string {
    const { kind, vendor, architecture, description } = this.adapter;
    const file: TuningFile = {
      kind: 'tuning',
      version: TUNING_VERSION,
      adapter: { kind, vendor, architecture, description },
      convolutions: this.convolutions.map(tuned => ({ ...tuned, algorithm: algorithmName(tuned.algorithm) })),
    };
    return `${JSON.stringify(file, undefined, 2)}\n`;
  }

  /** @throws InputError  the text is no tuning, or one that this Raycam does not read */
  static decode(text: string, name: string): Tuning {
    let file: Partial<TuningFile> | null;
    try {
      file = JSON.parse(text);
    } catch (error) {
      throw new InputError(`${name}: is no JSON. Write a tuning with \`raycam tune\``, { cause: error });
    }
    if (
      file?.kind !== 'tuning' ||
      !Array.isArray(file.convolutions) ||
      typeof file.adapter !== 'object' ||
      !file.adapter
    )
      throw new InputError(`${name}: is no tuning. Write one with \`raycam tune\``);
    if (file.version !== TUNING_VERSION)
      throw new InputError(
        `${name}: is a tuning of version ${file.version}, not ${TUNING_VERSION}. Run \`raycam tune\` again`,
      );
    const { adapter } = file;
    const convolutions = file.convolutions.map(tuned => {
      const algorithm = algorithmNamed(tuned?.algorithm);
      const fits = algorithm && isSize(tuned.size) && computes(algorithm, tuned.size, adapter);
      if (!fits) throw new InputError(`${name}: holds a convolution that is none. Run \`raycam tune\` again`);
      return { ...tuned, algorithm };
    });
    return new Tuning(adapter, convolutions);
  }
}

/** Whether a tuning may say so: less exact ways are none of its business, and WebAssembly's weights are packed for kernels without tiles. */
function computes(algorithm: ConvolutionAlgorithm, size: ConvolutionLayer, { kind }: TunedAdapter): boolean {
  if (kind === 'wasm' && 'tile' in algorithm && algorithm.tile) return false;
  const layout = layoutOf(algorithm);
  return layout === 'packed' || (layout !== 'halves' && fitsWinograd(size));
}

function isNameless({ description, architecture, vendor }: TunedAdapter): boolean {
  return description === architecture || description === vendor;
}

function isSize(size: Partial<ConvolutionSize> | null | undefined): boolean {
  const { batch, channels, outChannels, size: side, kernel, stride, padding } = size ?? {};
  const pairs = [side, kernel].every(pair => Array.isArray(pair) && pair.length === 2);
  const numbers = [batch, channels, outChannels, stride, padding, ...(pairs ? [...side!, ...kernel!] : [])];
  return pairs && numbers.every(number => Number.isInteger(number) && number! >= 0);
}
