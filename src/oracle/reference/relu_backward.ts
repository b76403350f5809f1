import { type Array64, array64 } from '../array64.ts';

/** relu(x) grows with x where it is positive, and not at all elsewhere. */
export function reluBackward({ gradOutput, y }: { gradOutput: Array64; y: Array64 }): { gradInput: Array64 } {
  const gradInput = array64(y.shape);
  for (let i = 0; i < y.data.length; i++) gradInput.data[i] = y.data[i]! <= 0 ? 0 : gradOutput.data[i]!;
  return { gradInput };
}
