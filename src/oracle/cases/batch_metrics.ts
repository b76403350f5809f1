import { type BatchMetricsOptions, batchMetrics } from '../../kernels/batch_metrics.ts';
import { caseTable, classNumbers } from '../case_table.ts';
import { batchMetrics as reference } from '../reference/batch_metrics.ts';

export default caseTable<BatchMetricsOptions>({
  kernel: batchMetrics,
  reference,
  exact: true,
  cases: [
    {
      why: 'a batch of the head; other rows keep their values',
      inputs: { logProbabilities: [256, 2], targets: classNumbers(256, 2), loss: [1], metrics: [21, 2] },
      options: { row: 20 },
    },
    {
      why: 'one row, one class',
      inputs: { logProbabilities: [1, 1], targets: classNumbers(1, 1), loss: [1], metrics: [1, 2] },
      options: { row: 0 },
    },
    {
      why: 'fourteen classes',
      inputs: { logProbabilities: [33, 14], targets: classNumbers(33, 14), loss: [1], metrics: [3, 2] },
      options: { row: 1 },
    },
    {
      why: 'equal classes: the first one counts as predicted',
      inputs: {
        logProbabilities: { shape: [3, 2], fill: () => -0.5 },
        targets: { shape: [3], values: [0, 1, 0] },
        loss: [1],
        metrics: [1, 2],
      },
      options: { row: 0 },
    },
    {
      why: 'rejects a row that metrics does not have',
      inputs: { logProbabilities: [4, 2], targets: [4], loss: [1], metrics: [2, 2] },
      options: { row: 2 },
      error: 'batch_metrics: row must be below 2, got 2',
    },
    {
      why: 'rejects the targets of another batch',
      inputs: { logProbabilities: [4, 2], targets: [5], loss: [1], metrics: [2, 2] },
      options: { row: 0 },
      error:
        'batch_metrics: expected targets [4], loss [1] and metrics [B, 2] (logProbabilities [4, 2], targets [5], loss [1], metrics [2, 2])',
    },
  ],
  perf: [
    {
      inputs: { logProbabilities: [256, 2], targets: classNumbers(256, 2), loss: [1], metrics: [21, 2] },
      options: { row: 20 },
    },
  ],
});
