import type { BatchMetricsOptions } from '../../kernels/batch_metrics.ts';
import { Array64 } from '../array64.ts';

export function batchMetrics(
  { logProbabilities, targets, loss, metrics }: Record<'logProbabilities' | 'targets' | 'loss' | 'metrics', Array64>,
  { row }: BatchMetricsOptions,
): { metrics: Array64 } {
  const [N, K] = logProbabilities.shape as [number, number];
  let correct = 0;
  for (let n = 0; n < N; n++) {
    const values = Array.from({ length: K }, (_, k) => logProbabilities.at(n, k));
    if (values.indexOf(Math.max(...values)) === targets.at(n)) correct++;
  }
  const after = new Array64(metrics.shape, metrics.data.slice());
  after.set(loss.at(0), row, 0);
  after.set(correct, row, 1);
  return { metrics: after };
}
