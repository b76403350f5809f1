/**
 * A chart of the running sum: it starts at the bias, rises with the channels for the class, and falls with those
 * against.
 */
import { useMemo } from 'preact/hooks';
import { type Account, ledgerOrder, runningSum } from '../../../inspection/ledger_account.ts';
import {
  type Axis,
  type Frame,
  placeX,
  placeY,
  roundAxis,
  svgArea,
  svgAxes,
  svgDocument,
  svgLine,
  svgText,
} from '../../../report/svg.ts';
import { Svg } from '../../parts/svg.tsx';
import { isNarrow } from '../../state/narrow.ts';

const WIDTH = 800;
/** The width on narrow windows, where text keeps its size. */
const NARROW_WIDTH = 400;
const HEIGHT = 176;

export function RunningSum({ account, off }: { readonly account: Account; readonly off: readonly number[] }) {
  const width = isNarrow.value ? NARROW_WIDTH : WIDTH;
  const markup = useMemo(() => chart(account, new Set(off), width), [account, off, width]);
  return <Svg class="running-sum" markup={markup} />;
}

function chart(account: Account, off: ReadonlySet<number>, width: number): string {
  const frame: Frame = { left: 46, top: 12, width: width - 58, height: 124 };
  const order = ledgerOrder(account.contributions, 'for');
  const sums = runningSum(account, order, off);
  const turn = order.findIndex(channel => account.contributions[channel]! <= 0);
  const [least, greatest] = [Math.min(0, ...sums), Math.max(0, ...sums)];
  const y = roundAxis('', least, greatest);
  const step = order.length > 1000 ? 500 : 100;
  const ticks = Array.from({ length: Math.floor(order.length / step) + 1 }, (_, i) => i * step);
  const x: Axis = {
    label: 'channels, from strongest for to strongest against',
    min: 0,
    max: order.length,
    ticks: ticks.map(at => ({ at, text: String(at) })),
  };
  const points = Array.from(sums, (sum, i) => [placeX(frame, x, i), placeY(frame, y, sum)] as const);
  const zero = placeY(frame, y, 0);
  const area = (from: number, to: number, colour: string) => {
    const part = points.slice(from, to + 1);
    if (part.length < 2) return '';
    return (
      svgArea([[part[0]![0], zero], ...part, [part.at(-1)![0], zero]], `fill:var(${colour});fill-opacity:0.16`) +
      svgLine(part, `stroke:var(${colour});stroke-width:2.25`)
    );
  };
  const middle = turn < 0 ? order.length : turn;
  const [endX, endY] = points.at(-1)!;
  const body =
    svgAxes(frame, x, y) +
    area(0, middle, '--for') +
    area(middle, order.length, '--against') +
    `<circle cx="${endX.toFixed(1)}" cy="${endY.toFixed(1)}" r="4" style="fill:currentColor"/>` +
    svgText(account.sum.toFixed(4).replace('-', '−'), endX - 8, endY - 8, { anchor: 'end', weight: 600, size: 13 });
  const peak = Math.max(...sums);
  const description = `From ${account.bias.toFixed(4)} up to ${peak.toFixed(4)}, and down to ${account.sum.toFixed(4)}`;
  return svgDocument({ title: `Running sum of ${account.about}`, description }, { width, height: HEIGHT }, body);
}
