import { type Array64, array64 } from '../array64.ts';

/** A weight affects one output of every row of the batch. */
export function linearBackwardWeight({ gradOutput, x }: { gradOutput: Array64; x: Array64 }): { gradWeight: Array64 } {
  const [N, O] = gradOutput.shape as [number, number];
  const I = x.shape[1]!;
  const gradWeight = array64([O, I]);
  for (let o = 0; o < O; o++)
    for (let i = 0; i < I; i++) {
      let sum = 0;
      for (let n = 0; n < N; n++) sum += gradOutput.at(n, o) * x.at(n, i);
      gradWeight.set(sum, o, i);
    }
  return { gradWeight };
}
