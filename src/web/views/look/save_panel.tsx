/** Saves the picture, the raw map and the numbers as files. */
import { useState } from 'preact/hooks';
import type { Evidence } from '../../../inference/evidence.ts';
import type { MapScale } from '../../../report/map_raster.ts';
import { encodeNpy } from '../../../weights/npy.ts';
import { call, engineStatus } from '../../engine/client.ts';
import { download } from '../../parts/download.ts';
import { Fault } from '../../parts/fault.tsx';
import type { ShownMap } from '../../shared/shown_map.ts';
import type { ImageEntry } from '../../state/images.ts';
import { param } from '../../state/route.ts';
import { opacity } from './look_state.ts';

export interface SavePanelProps {
  readonly image: ImageEntry;
  readonly evidence: Evidence;
  readonly shown: ShownMap;
  readonly scale: MapScale;
}

export function SavePanel({ image, evidence, shown, scale }: SavePanelProps) {
  const [fault, setFault] = useState('');
  const [isCopied, setIsCopied] = useState(false);
  const stem = image.name.replace(/\.[^.]+$/, '');
  const attempt = async (work: () => Promise<void>) => {
    setFault('');
    try {
      await work();
    } catch (error) {
      setFault((error as Error).message);
    }
  };
  const savePicture = async () => {
    const input = { image: image.hash, name: image.name, map: param('map'), scale, opacity: opacity.value };
    download(`${stem}.png`, await call('picture', input), 'image/png');
  };
  const copy = async () => {
    await copyLink();
    setIsCopied(true);
    setTimeout(() => setIsCopied(false), 2000);
  };
  return (
    <section class="save" aria-label="Save and share">
      <h2>Save and share</h2>
      <div class="buttons">
        <SaveButton
          text="Picture"
          about="PNG: the X-ray, the X-ray under the map, the map and its scale"
          onClick={() => void attempt(savePicture)}
        />
        <SaveButton
          text="7 × 7 map"
          about="The raw map: 7 × 7, float32, for NumPy"
          onClick={() => saveMap(`${stem}.cam7.npy`, shown.map.cam)}
        />
        <SaveButton
          text="224 × 224 map"
          about="The enlarged map: 224 × 224, float32, for NumPy"
          onClick={() => saveMap(`${stem}.cam224.npy`, shown.map.upsampled)}
        />
        <SaveButton
          text="Numbers"
          about="JSON: verdict, probabilities, logits and the 7 × 7 map"
          onClick={() => download(`${stem}.json`, numbersOf(image, evidence, shown), 'application/json')}
        />
        <SaveButton
          text={isCopied ? 'Link copied' : 'Copy link'}
          about="This X-ray, map, position and network, for anyone with the same file"
          onClick={() => void attempt(copy)}
        />
      </div>
      <Fault text={fault} />
    </section>
  );
}

interface SaveButtonProps {
  readonly text: string;
  readonly about: string;
  readonly onClick: () => void;
}

function SaveButton({ text, about, onClick }: SaveButtonProps) {
  return (
    <button type="button" title={about} onClick={onClick}>
      {text}
    </button>
  );
}

function saveMap(name: string, values: Float32Array): void {
  const side = Math.sqrt(values.length);
  download(name, encodeNpy({ shape: [side, side], values }), 'application/octet-stream');
}

async function copyLink(): Promise<void> {
  try {
    await navigator.clipboard.writeText(location.href);
  } catch {
    throw new Error('The browser blocks copying. Copy the link from the address bar');
  }
}

/** Returns the fields of `raycam cam --json`, with the image, the network and the adapter that they belong to. */
function numbersOf(image: ImageEntry, evidence: Evidence, { map, about }: ShownMap): string {
  const status = engineStatus.peek();
  const { class: verdict, probabilities, logProbabilities, logits } = evidence;
  const side = Math.sqrt(map.cam.length);
  const rows = Array.from({ length: side }, (_, y) => Array.from(map.cam.subarray(y * side, (y + 1) * side)));
  const origin =
    status.state === 'ready'
      ? {
          backbone: status.model.id,
          weightsHash: status.model.weightsHash,
          head: status.head?.name,
          adapter: status.adapter.description,
        }
      : {};
  const numbers = {
    image: image.name,
    sha256: image.hash,
    class: verdict,
    probabilities,
    logProbabilities,
    logits,
    camClass: about,
    min: map.bounds[0],
    max: map.bounds[1],
    isConstant: map.bounds[0] === map.bounds[1],
    cam: rows,
    ...origin,
  };
  return `${JSON.stringify(numbers, null, 2)}\n`;
}
