import { type Array64, array64 } from '../array64.ts';

/** The derivative of relu is 1 for a positive output, otherwise 0. */
export function reluBackward({ gradOutput, y }: { gradOutput: Array64; y: Array64 }): { gradInput: Array64 } {
  const gradInput = array64(y.shape);
  for (let i = 0; i < y.data.length; i++) gradInput.data[i] = y.data[i]! <= 0 ? 0 : gradOutput.data[i]!;
  return { gradInput };
}
