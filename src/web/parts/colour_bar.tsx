/** The colour scale of a map in raw units, with the largest value on top. */
import { useMemo } from 'preact/hooks';
import { type MapScale, scaleTable } from '../../report/map_raster.ts';
import { formatRaw } from '../../report/words.ts';
import { Pixels } from './pixels.tsx';

const TICKS = 5;

export function ColourBar({ scale, label }: { readonly scale: MapScale; readonly label: string }) {
  const { bounds, colormap } = scale;
  const [least, greatest] = bounds;
  const rgba = useMemo(() => columnOf(colormap), [colormap]);
  const ticks = least === greatest ? [0.5] : Array.from({ length: TICKS }, (_, i) => i / (TICKS - 1));
  const texts = ticks.map(share => formatRaw(greatest + (least - greatest) * share, greatest - least));
  return (
    <div class="colour-bar" role="img" aria-label={`${label}: from ${texts.at(-1)} to ${texts[0]}`}>
      <Pixels width={1} height={256} rgba={rgba} />
      <ol aria-hidden="true">
        {texts.map(text => (
          <li key={text}>{text.replace('-', '−')}</li>
        ))}
      </ol>
    </div>
  );
}

/** Returns [256, 1, 4], the largest value first. */
function columnOf(colormap: string): Uint8ClampedArray<ArrayBuffer> {
  const table = scaleTable(colormap);
  const rgba = new Uint8ClampedArray(4 * 256);
  for (let row = 0; row < 256; row++) {
    rgba.set(table.subarray(3 * (255 - row), 3 * (256 - row)), 4 * row);
    rgba[4 * row + 3] = 255;
  }
  return rgba;
}
