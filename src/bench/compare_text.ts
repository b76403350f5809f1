import type { ComparedRow, ComparisonResult } from './compare.ts';
import { adapterLabel } from './environment.ts';
import { type Column, csvTable, digits, markdownTable, textTable } from './table.ts';

const COLUMNS: readonly Column<ComparedRow>[] = [
  { name: 'operation', text: ({ operation }) => operation },
  { name: 'shape', text: ({ shape }) => shape },
  { name: 'variant', text: ({ variant }) => variant },
  { name: 'now / before', text: ({ ratio }) => ratio.toFixed(3), align: 'right' },
  { name: 'interval', text: ({ interval: { low, high } }) => `${low.toFixed(3)} to ${high.toFixed(3)}` },
  { name: 'pairs', text: ({ pairs }) => String(pairs), align: 'right' },
  { name: 'verdict', text: ({ verdict }) => verdict },
  { name: 'ms then', text: ({ thenMs }) => digits(thenMs), align: 'right' },
];

export function compareText(result: ComparisonResult): string {
  return [...headLines(result), '', textTable(COLUMNS, result.rows), '', ...footLines(result)].join('\n');
}

export function compareMarkdown(result: ComparisonResult): string {
  return [...headLines(result), '', markdownTable(COLUMNS, result.rows), '', ...footLines(result)].join('\n');
}

export function compareCsv({ rows }: ComparisonResult): string {
  return csvTable(COLUMNS, rows);
}

function headLines({ environment, baseline, fmaGflops }: ComparisonResult): string[] {
  const { raycam, commit, date, adapter } = baseline;
  return [
    `this version against raycam ${raycam}${commit ? ` (${commit})` : ''} of ${date}, both run here in turns on ${adapterLabel(environment.adapter)}`,
    ...(fmaGflops
      ? [
          `baseline recorded on ${adapter}; multiply-add peak ${digits(fmaGflops.before)} GFLOP/s then, ${digits(fmaGflops.after)} now`,
        ]
      : []),
  ];
}

function footLines({ rows, refused, limit, verdict }: ComparisonResult): string[] {
  const percent = `${Number((100 * limit).toPrecision(3))} %`;
  const count = (wanted: string) => rows.filter(row => row.verdict === wanted).length;
  const words = {
    slower: `${count('slower')} of ${rows.length} slower by more than ${percent}`,
    unclear: `${count('unclear')} of ${rows.length} unclear because the machine is too noisy, none found slower by more than ${percent}`,
    same: `none of ${rows.length} slower by more than ${percent}`,
    faster: `all of ${rows.length} faster by more than ${percent}`,
  }[verdict];
  return [
    ...refused.map(
      ({ operation, shape, variant, reason }) => `refused: ${operation} ${shape} by ${variant} is wrong (${reason})`,
    ),
    words,
  ];
}
