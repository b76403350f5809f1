import { WeightsError } from '../errors/index.ts';
import type { Shape } from '../runtime/shape.ts';

/** Exponent of a channel's largest scaled weight: it is in [2^14, 2^15), just below the largest 16-bit float. */
const TOP_EXPONENT = 14;
/** Largest exponent of a factor, so that the factor and its inverse are normal 32-bit floats. */
const MOST_EXPONENT = 126;

/**
 * Returns powers of two [O] that bring each output channel's weights into the range of 16-bit floats. Real networks
 * have channels with weights around 1e-7, which a batch norm with a variance of 1e-13 scales up again. The factor of
 * a channel of zeros is 1.
 *
 * @throws WeightsError  a weight is not finite
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
      largest = Math.max(largest, Math.abs(values[i]!)); // keeps NaN
    }
    if (!Number.isFinite(largest))
      throw new WeightsError(
        `weights: ${label} has a value that is not a finite number. Download or copy the file again`,
      );
    if (largest === 0) return 1;
    const exponent = TOP_EXPONENT - Math.floor(Math.log2(largest));
    return 2 ** Math.max(-MOST_EXPONENT, Math.min(MOST_EXPONENT, exponent));
  });
}
