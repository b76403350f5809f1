import { type Array64, array64 } from '../array64.ts';

/** A bias affects one output of every row of the batch. */
export function linearBackwardBias({ gradOutput }: { gradOutput: Array64 }): { gradBias: Array64 } {
  const [N, O] = gradOutput.shape as [number, number];
  const gradBias = array64([O]);
  for (let o = 0; o < O; o++) {
    let sum = 0;
    for (let n = 0; n < N; n++) sum += gradOutput.at(n, o);
    gradBias.set(sum, o);
  }
  return { gradBias };
}
