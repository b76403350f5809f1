import { type GatherRowsOptions, gatherRows } from '../../kernels/gather_rows.ts';
import { caseTable, type InputSpec } from '../case_table.ts';
import { gatherRows as reference } from '../reference/gather_rows.ts';

/** Returns every row number below `count` once. 7 and every `count` used here are coprime. */
const shuffled = (count: number): InputSpec => ({ shape: [count], fill: i => (i * 7 + 3) % count });

export default caseTable<GatherRowsOptions>({
  kernel: gatherRows,
  reference,
  exact: true,
  cases: [
    {
      why: 'a batch of features',
      inputs: { x: [300, 2048], indices: shuffled(300) },
      options: { start: 17, batch: 256 },
    },
    {
      why: 'labels: rows of one element',
      inputs: { x: [40, 1], indices: shuffled(40) },
      options: { start: 8, batch: 32 },
    },
    {
      why: 'rows one element short of a workgroup',
      inputs: { x: [9, 63], indices: shuffled(9) },
      options: { start: 0, batch: 9 },
    },
    {
      why: 'rows one element over a workgroup',
      inputs: { x: [9, 65], indices: shuffled(9) },
      options: { start: 4, batch: 5 },
    },
    {
      why: 'rows as long as a workgroup',
      inputs: { x: [65, 64], indices: shuffled(65) },
      options: { start: 0, batch: 65 },
    },
    {
      why: 'one row of one element',
      inputs: { x: [1, 1], indices: { shape: [1], values: [0] } },
      options: { start: 0, batch: 1 },
    },
    {
      why: 'invalid row numbers return NaN',
      inputs: { x: [3, 6], indices: { shape: [5], values: [2, 3, -1, Number.NaN, 0] } },
      options: { start: 0, batch: 5 },
    },
    {
      why: 'rejects a batch past the end',
      inputs: { x: [3, 6], indices: [5] },
      options: { start: 3, batch: 3 },
      error: 'gather_rows: a batch of 3 from 3 reaches past the end of 5 indices',
    },
    {
      why: 'rejects an x that is not 2-D',
      inputs: { x: [3], indices: [5] },
      options: { start: 0, batch: 5 },
      error: 'gather_rows: x must be 2-D, got [3]',
    },
  ],
  perf: [
    {
      inputs: { x: [300, 2048], indices: shuffled(300) },
      options: { start: 17, batch: 256 },
    },
  ],
});
