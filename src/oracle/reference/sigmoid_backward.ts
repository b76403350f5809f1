import { type Array64, array64 } from '../array64.ts';

/** The derivative of a sigmoid is y (1 - y). */
export function sigmoidBackward({ gradOutput, y }: { gradOutput: Array64; y: Array64 }): { gradInput: Array64 } {
  const gradInput = array64(y.shape);
  for (let i = 0; i < y.data.length; i++) gradInput.data[i] = gradOutput.data[i]! * y.data[i]! * (1 - y.data[i]!);
  return { gradInput };
}
