/** Raw values under the probe, for each X-ray shown. */
import { INPUT_SIDE } from '../../parts/plate.tsx';
import { formatValue } from '../../parts/words.ts';
import { type Looked, probe } from './look_state.ts';

export function Readout({ looked }: { readonly looked: readonly Looked[] }) {
  const place = probe.value;
  const columns = looked.filter(({ shown, answer }) => shown && answer.state === 'done');
  if (columns.length === 0) return null;
  return (
    <section class="readout" aria-label="Values under the pointer">
      <h2>Under the pointer</h2>
      {place ? (
        <table>
          <tbody>
            <tr>
              <th scope="row">row, column</th>
              {columns.map(({ image }) => (
                <td key={image.hash}>
                  {place.y}, {place.x}
                </td>
              ))}
            </tr>
            {ROWS.map(({ text, id, value }) => (
              <tr key={id}>
                <th scope="row">{text}</th>
                {columns.map(one => {
                  const number = value(one, place.y, place.x);
                  return (
                    <td key={one.image.hash} data-testid={id} data-value={number}>
                      {id === 'grey' ? number : formatValue(number)}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        <p class="about">Move over the X-ray, or click it and use the arrow keys.</p>
      )}
    </section>
  );
}

interface Row {
  readonly id: string;
  readonly text: string;
  readonly value: (looked: Looked, y: number, x: number) => number;
}

const ROWS: readonly Row[] = [
  { id: 'evidence', text: 'evidence', value: ({ shown }, y, x) => shown!.map.upsampled[y * INPUT_SIDE + x]! },
  {
    id: 'cell',
    text: 'nearest 7 × 7 cell',
    value: ({ shown }, y, x) => {
      const side = Math.sqrt(shown!.map.cam.length);
      const nearest = (place: number) => Math.round((place * (side - 1)) / (INPUT_SIDE - 1));
      return shown!.map.cam[nearest(y) * side + nearest(x)]!;
    },
  },
  {
    id: 'grey',
    text: 'input (red), 0–255',
    value: ({ answer }, y, x) =>
      answer.state === 'done' ? answer.value.image.pixels[3 * (y * INPUT_SIDE + x)]! : Number.NaN,
  },
];
