/** One or two X-rays, each with its map and its scale. */
import { useMemo } from 'preact/hooks';
import type { Evidence } from '../../../inference/evidence.ts';
import type { MapScale } from '../../../report/map_raster.ts';
import { ColourBar } from '../../parts/colour_bar.tsx';
import { Pixels } from '../../parts/pixels.tsx';
import { INPUT_SIDE, Plate } from '../../parts/plate.tsx';
import { type Looked, moveProbe, opacity, probe, showsCells, showsInput } from './look_state.ts';

export interface StageProps {
  readonly looked: readonly Looked[];
  readonly scales: readonly (MapScale | undefined)[];
}

export function Stage({ looked, scales }: StageProps) {
  return (
    <div class="stage" data-count={looked.length}>
      {looked.map((one, i) => (
        <StagePlate key={one.image.hash} looked={one} scale={scales[i]} />
      ))}
    </div>
  );
}

function StagePlate({ looked: { image, answer, shown }, scale }: { looked: Looked; scale: MapScale | undefined }) {
  const evidence = answer.state === 'done' ? answer.value : undefined;
  const isInput = showsInput.value && evidence !== undefined;
  const values = shown && (showsCells.value ? shown.map.cam : shown.map.upsampled);
  return (
    <div class="stage-plate">
      <Plate
        name={image.name}
        ratio={isInput ? 1 : image.width / image.height}
        map={values && scale && { values, scale, opacity: opacity.value }}
        probe={probe.value}
        onProbe={moveProbe}
        caption={
          <>
            <span class="plate-name">{image.name}</span>
            <span>
              {isInput ? `${INPUT_SIDE} × ${INPUT_SIDE}, as the network sees it` : `${image.width} × ${image.height}`}
            </span>
            {image.label && <span>labelled {image.label}</span>}
          </>
        }
      >
        {isInput ? <InputPixels evidence={evidence} /> : <img src={image.url} alt={`X-ray ${image.name}`} />}
      </Plate>
      {shown && scale && <ColourBar scale={scale} label={`Evidence for ${shown.about}`} />}
    </div>
  );
}

function InputPixels({ evidence: { image } }: { evidence: Evidence }) {
  const rgba = useMemo(() => {
    const opaque = new Uint8ClampedArray(4 * image.width * image.height).fill(255);
    for (let p = 0; p < image.width * image.height; p++) opaque.set(image.pixels.subarray(3 * p, 3 * p + 3), 4 * p);
    return opaque;
  }, [image]);
  return <Pixels width={image.width} height={image.height} rgba={rgba} />;
}
