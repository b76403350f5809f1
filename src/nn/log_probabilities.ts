import { DeviceError } from '../errors/index.ts';

/**
 * Returns a head's rows after checking that each row's probabilities sum to 1.
 *
 * rows  [N, K], natural logarithms
 *
 * @throws DeviceError  a row's do not, so the device did not compute them
 */
export function checkLogProbabilities<Rows extends ArrayLike<number>>(rows: Rows, classCount: number): Rows {
  for (let start = 0; start < rows.length; start += classCount) {
    let sum = 0;
    for (let k = 0; k < classCount; k++) sum += Math.exp(rows[start + k]!);
    if (!(Math.abs(sum - 1) < 1e-3))
      throw new DeviceError(
        `head: the probabilities add up to ${sum}, expected 1, so the device did not run the head. Check the adapter with \`raycam doctor\``,
      );
  }
  return rows;
}
