import shader from '../../shaders/batch_metrics.wgsl';
import { ShapeError } from '../errors/index.ts';
import { defineKernel } from '../runtime/kernel.ts';
import { formatShapes } from '../runtime/shape.ts';
import { expectRank } from './shape_checks.ts';

export interface BatchMetricsOptions {
  /** The row of `metrics` that this batch fills. */
  readonly row: number;
}

/**
 * Records the loss and the number of correct predictions of a batch. They stay on the device until the epoch ends.
 *
 * logProbabilities  [N, K]
 * targets           [N], class numbers as f32
 * loss              [1]
 * metrics           [B, 2], the row becomes the loss and the number of correct predictions; other rows stay
 *
 * If log-probabilities are equal, the first one is the prediction, as in PyTorch.
 *
 * @throws ShapeError  the shapes do not match, or metrics has no such row
 * Source: torch.max(outputs, 1)
 */
export const batchMetrics = defineKernel({
  name: 'batch_metrics',
  shader,
  inputs: ['logProbabilities', 'targets', 'loss'],
  inouts: ['metrics'],
  outputs: [],
  plan({ logProbabilities, targets, loss, metrics }, { row }: BatchMetricsOptions) {
    const [batch, classes] = expectRank('batch_metrics', 'logProbabilities', logProbabilities, 2);
    const [count] = expectRank('batch_metrics', 'targets', targets, 1);
    const [rows, width] = expectRank('batch_metrics', 'metrics', metrics, 2);
    if (count !== batch || width !== 2 || loss[0] !== 1)
      throw new ShapeError(
        `batch_metrics: expected targets [${batch}], loss [1] and metrics [B, 2] (${formatShapes({ logProbabilities, targets, loss, metrics })})`,
      );
    if (row >= rows) throw new ShapeError(`batch_metrics: row must be below ${rows}, got ${row}`);
    return { outputs: {}, params: { batch, classes, row }, workgroups: [1, 1, 1] };
  },
});
