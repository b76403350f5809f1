/** The sum as it runs: from the bias up through all that speaks for the class, and down through all that speaks against it. */
import { useMemo } from 'preact/hooks';
import { type Account, ledgerOrder, runningSum } from '../../../inference/ledger_account.ts';
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

const SIZE = { width: 800, height: 176 };
const FRAME: Frame = { left: 46, top: 12, width: 742, height: 124 };

export function RunningSum({ account, off }: { readonly account: Account; readonly off: readonly number[] }) {
  const markup = useMemo(() => chart(account, new Set(off)), [account, off]);
  return <Svg class="running-sum" markup={markup} />;
}

function chart(account: Account, off: ReadonlySet<number>): string {
  const order = ledgerOrder(account.contributions, 'for');
  const sums = runningSum(account, order, off);
  const turn = order.findIndex(channel => account.contributions[channel]! <= 0);
  const [least, greatest] = [Math.min(0, ...sums), Math.max(0, ...sums)];
  const y = roundAxis('', least, greatest);
  const step = order.length > 1000 ? 500 : 100;
  const ticks = Array.from({ length: Math.floor(order.length / step) + 1 }, (_, i) => i * step);
  const x: Axis = {
    label: 'channels, from the most for it to the most against it',
    min: 0,
    max: order.length,
    ticks: ticks.map(at => ({ at, text: String(at) })),
  };
  const points = Array.from(sums, (sum, i) => [placeX(FRAME, x, i), placeY(FRAME, y, sum)] as const);
  const zero = placeY(FRAME, y, 0);
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
    svgAxes(FRAME, x, y) +
    area(0, middle, '--for') +
    area(middle, order.length, '--against') +
    `<circle cx="${endX.toFixed(1)}" cy="${endY.toFixed(1)}" r="4" style="fill:currentColor"/>` +
    svgText(account.sum.toFixed(4).replace('-', '−'), endX - 8, endY - 8, { anchor: 'end', weight: 600, size: 13 });
  const peak = Math.max(...sums);
  const description = `From ${account.bias.toFixed(4)} up to ${peak.toFixed(4)}, and down to ${account.sum.toFixed(4)}`;
  return svgDocument({ title: `Running sum of ${account.about}`, description }, SIZE, body);
}
