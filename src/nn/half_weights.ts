import { WeightsError } from '../errors/index.ts';
import type { Shape } from '../runtime/shape.ts';

/** A channel's largest weight comes to lie from 2^14 to 2^15, the last power of two under a 16-bit float's largest number. */
const TOP_EXPONENT = 14;
/** So that a factor and its inverse are normal 32-bit floats. */
const MOST_EXPONENT = 126;

/**
 * Powers of two [O] that bring each output channel's weights into the range of 16-bit floats: real networks have channels of weights
 * around 1e-7, which a batch norm with a variance of 1e-13 makes whole again. A channel of zeros keeps its own.
 *
 * @throws WeightsError  a weight is no finite number
 */
export function halfFactors(
  label: string,
  { values, shape }: { readonly values: Float32Array; readonly shape: Shape },
): Float32Array {
  const [outChannels] = shape as [number];
  const each = values.length / outChannels;
  return Float32Array.from({ length: outChannels }, (_, o) => {
    let largest = 0;
    for (let i = o * each; i < (o + 1) * each; i++) {
      largest = Math.max(largest, Math.abs(values[i]!)); // NaN stays
    }
    if (!Number.isFinite(largest))
      throw new WeightsError(`weights: ${label} holds a value that is no finite number. The file is damaged`);
    if (largest === 0) return 1;
    const exponent = TOP_EXPONENT - Math.floor(Math.log2(largest));
    return 2 ** Math.max(-MOST_EXPONENT, Math.min(MOST_EXPONENT, exponent));
  });
}
