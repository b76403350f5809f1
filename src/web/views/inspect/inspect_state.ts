/** The state of Inspect. All of it is in the address. */
import { computed } from '@preact/signals';
import type { Operation } from '../../../inspection/operations.ts';
import type { OutputOf } from '../../engine/client.ts';
import { INPUT_SIDE } from '../../parts/plate.tsx';
import { param, setParams } from '../../state/route.ts';

export type LayerOutput = OutputOf<'layerOutput'>;
export type Formula = OutputOf<'elementFormula'>;

const DEFAULT_LAYER = 'layer4';

export type SortBy = 'channel' | 'mean' | 'max' | 'contribution';
const SORTS: readonly SortBy[] = ['channel', 'mean', 'max', 'contribution'];

export const wantedLayer = computed(() => param('layer') ?? DEFAULT_LAYER);
export const sortBy = computed<SortBy>(() => SORTS.find(name => name === param('sort')) ?? 'channel');
/** Whether all channels share a scale. */
export const isScaleShared = computed(() => param('scale') !== 'own');

/** Returns the operation with a path, or the last operation of the module with that path. */
export function operationAt(operations: readonly Operation[], path: string): Operation | undefined {
  return (
    operations.find(operation => operation.path === path) ??
    operations.findLast(({ unit }) => unit === path || unit.startsWith(`${path}.`))
  );
}

/** Returns the operation that a key leads to. */
export function stepFrom(operations: readonly Operation[], current: Operation, key: string): Operation | undefined {
  const at = operations.indexOf(current);
  switch (key) {
    case '[':
      return operations[at - 1];
    case ']':
      return operations[at + 1];
    case '{':
      return operations.slice(0, at).findLast(({ unit }) => unit !== current.unit);
    case '}': {
      const next = operations.slice(at).find(({ unit }) => unit !== current.unit)?.unit;
      return operations.findLast(({ unit }) => unit === next);
    }
    default:
      return undefined;
  }
}

/** Returns the selected channel, if the operation has it. */
export function chosenChannel(channels: number): number | undefined {
  const channel = Number(param('channel') ?? Number.NaN);
  return Number.isInteger(channel) && channel >= 0 && channel < channels ? channel : undefined;
}

export interface Cell {
  readonly row: number;
  readonly column: number;
}

/** Converts the position in the address, which is on the network's input, to a cell of an operation's output. */
export function chosenCell([, height, width]: Operation['shape']): Cell | undefined {
  const [y, x] = (param('pixel') ?? '').split(',').map(Number);
  const isPlace = (value: number | undefined) => Number.isInteger(value) && value! >= 0 && value! < INPUT_SIDE;
  if (!isPlace(y) || !isPlace(x)) return undefined;
  return { row: Math.floor((y! * height) / INPUT_SIDE), column: Math.floor((x! * width) / INPUT_SIDE) };
}

export function chooseCell([, height, width]: Operation['shape'], cell: Cell | undefined): void {
  const middle = (at: number, size: number) => Math.floor(((at + 0.5) * INPUT_SIDE) / size);
  setParams({ pixel: cell ? `${middle(cell.row, height)},${middle(cell.column, width)}` : null }, { replace: true });
}

export function chooseChannel(channel: number): void {
  setParams({ channel: String(channel) }, { replace: param('channel') !== undefined });
}

/** Sorts channels by a figure, largest first. Keeps the stored order if the layer lacks the figure. */
export function orderOf({ shape, channels, contributions }: LayerOutput, by: SortBy): Uint32Array {
  const order = Uint32Array.from({ length: shape[0] }, (_, i) => i);
  const figures = { channel: undefined, mean: channels.mean, max: channels.max, contribution: contributions?.values }[
    by
  ];
  return figures ? order.sort((a, b) => figures[b]! - figures[a]! || a - b) : order;
}
