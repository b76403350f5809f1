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

/** Size limit of a tuning file. The tuning of a hundred networks is smaller. */
export const MOST_TUNING_BYTES = 4e6;
/** Raise it when the kernels behind a name change so much that older measurements mislead. */
const TUNING_VERSION = 1;

/** What identifies an adapter. Measurements on another adapter do not apply to it. */
export type TunedAdapter = Pick<AdapterReport, 'kind' | 'vendor' | 'architecture' | 'description'>;

/** The fastest algorithm for a size, and its time. */
export interface TunedConvolution {
  readonly size: ConvolutionSize;
  readonly algorithm: ConvolutionAlgorithm;
  /** Median time in milliseconds. */
  readonly ms: number;
  /** Median time of the algorithm that is used without tuning. */
  readonly untunedMs: number;
}

/** A size as tuning files and JSON output have it. */
interface FileSize extends Omit<ConvolutionSize, 'kernelSize'> {
  readonly kernel: ConvolutionSize['kernelSize'];
}

/** The file is JSON, and the same in Node and in browsers. */
interface TuningFile {
  readonly kind: 'tuning';
  readonly version: number;
  readonly adapter: TunedAdapter;
  readonly convolutions: readonly {
    readonly size: FileSize;
    readonly algorithm: string;
    readonly ms: number;
    readonly untunedMs: number;
  }[];
}

/** The fastest algorithm for each convolution, as measured on one adapter. */
export class Tuning {
  constructor(
    readonly adapter: TunedAdapter,
    readonly convolutions: readonly TunedConvolution[],
  ) {}

  /** Returns the fastest algorithm for a size, or undefined if the size was not measured. */
  algorithmFor(size: ConvolutionSize): ConvolutionAlgorithm | undefined {
    const key = sizeKey(size);
    return this.convolutions.find(tuned => sizeKey(tuned.size) === key)?.algorithm;
  }

  /** Returns the layout that suits the largest batch measured for a layer, or undefined if there is none. */
  layoutFor(layer: ConvolutionLayer): WeightLayout | undefined {
    const key = layerKey(layer);
    const [largest] = this.convolutions
      .filter(({ size }) => layerKey(size) === key)
      .sort((a, b) => b.size.batch - a.size.batch);
    return largest && layoutOf(largest.algorithm);
  }

  /**
   * Returns whether this was measured on an adapter. Browsers hide a GPU's name; without it, only the family is
   * compared.
   */
  isOf(adapter: TunedAdapter): boolean {
    const own = this.adapter;
    return (
      own.kind === adapter.kind &&
      own.vendor === adapter.vendor &&
      own.architecture === adapter.architecture &&
      (own.description === adapter.description || isNameless(own) || isNameless(adapter))
    );
  }

  /** Returns a tuning with the measurements of both. Where both have a size, the other's measurement is kept. */
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
      convolutions: this.convolutions.map(({ size, algorithm, ...times }) => ({
        size: encodeSize(size),
        algorithm: algorithmName(algorithm),
        ...times,
      })),
    };
    return `${JSON.stringify(file, undefined, 2)}\n`;
  }

  /** @throws InputError  the text is not a tuning file, or not one that this version of Raycam reads */
  static decode(text: string, name: string): Tuning {
    let file: Partial<TuningFile> | null;
    try {
      file = JSON.parse(text);
    } catch (error) {
      throw new InputError(`${name}: is not JSON. Write a tuning file with \`raycam tune\``, { cause: error });
    }
    if (
      file?.kind !== 'tuning' ||
      !Array.isArray(file.convolutions) ||
      typeof file.adapter !== 'object' ||
      !file.adapter
    )
      throw new InputError(`${name}: is not a tuning file. Write one with \`raycam tune\``);
    if (file.version !== TUNING_VERSION)
      throw new InputError(
        `${name}: has version ${file.version}, but this version of Raycam reads version ${TUNING_VERSION}. Run \`raycam tune\` again`,
      );
    const { adapter, convolutions } = file;
    const reject = (i: number, fault: string): never => {
      throw new InputError(`${name}: convolution ${i + 1} ${fault}. Run \`raycam tune\` again`);
    };
    return new Tuning(
      adapter,
      convolutions.map((tuned, i) => {
        const algorithm =
          algorithmNamed(tuned?.algorithm) ?? reject(i, `has the unknown algorithm "${tuned?.algorithm}"`);
        const size = decodeSize(tuned.size) ?? reject(i, 'has no valid size');
        if (!computes(algorithm, size, adapter)) reject(i, `cannot use the algorithm "${tuned.algorithm}"`);
        return { ...tuned, size, algorithm };
      }),
    );
  }
}

/**
 * Returns whether a tuning may choose an algorithm: it must be exact and fit the size. WebAssembly packs weights for
 * kernels without tiles in workgroup memory.
 */
function computes(algorithm: ConvolutionAlgorithm, size: ConvolutionLayer, { kind }: TunedAdapter): boolean {
  if (kind === 'wasm' && 'tile' in algorithm && algorithm.tile) return false;
  const layout = layoutOf(algorithm);
  return layout === 'packed' || (layout !== 'halves' && fitsWinograd(size));
}

function isNameless({ description, architecture, vendor }: TunedAdapter): boolean {
  return description === architecture || description === vendor;
}

/** Returns a size with the members that tuning files and JSON output have. */
export function encodeSize(size: ConvolutionSize): FileSize {
  const { batch, channels, outChannels, stride, padding } = size;
  return { batch, channels, outChannels, size: size.size, kernel: size.kernelSize, stride, padding };
}

function decodeSize(file: Partial<FileSize> | null | undefined): ConvolutionSize | undefined {
  const { kernel: kernelSize, ...rest } = file ?? {};
  const { batch, channels, outChannels, size, stride, padding } = rest;
  const pairs = [size, kernelSize].every(pair => Array.isArray(pair) && pair.length === 2);
  const numbers = [batch, channels, outChannels, stride, padding, ...(pairs ? [...size!, ...kernelSize!] : [])];
  const isValid = pairs && numbers.every(number => Number.isInteger(number) && number! >= 0);
  return isValid ? ({ ...rest, kernelSize } as ConvolutionSize) : undefined;
}
