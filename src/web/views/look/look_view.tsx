/** Look: the verdict on an X-ray, and the evidence for it. */
import { useEffect } from 'preact/hooks';
import { scaleOf, shownMap } from '../../shared/shown_map.ts';
import { comparedImage, currentImage, type ImageEntry } from '../../state/images.ts';
import { param } from '../../state/route.ts';
import { useCall } from '../../state/use_call.ts';
import { noteVerdict } from '../../state/verdicts.ts';
import { colormap, type Looked, sharesScale } from './look_state.ts';
import { MapPanel } from './map_panel.tsx';
import { Readout } from './readout.tsx';
import { SavePanel } from './save_panel.tsx';
import { Stage } from './stage.tsx';
import { VerdictPanel } from './verdict_panel.tsx';
import { Welcome } from './welcome.tsx';

const KEPT_ANSWERS = 24;

export function LookView() {
  const first = useLooked(currentImage.value);
  const second = useLooked(comparedImage.value);
  if (!first) return <Welcome />;
  const looked = [first, ...(second && second.image.hash !== first.image.hash ? [second] : [])];
  const maps = looked.flatMap(({ shown }) => shown ?? []);
  const scales = looked.map(({ shown }) => shown && scaleOf(sharesScale.value ? maps : [shown], colormap.value));
  return (
    <div class="look fits">
      <Stage looked={looked} scales={scales} />
      <aside class="side" aria-label="What the network says">
        {looked.map(({ image, answer }) => (
          <VerdictPanel key={image.hash} image={image} answer={answer} isNamed={looked.length > 1} />
        ))}
        <MapPanel
          evidence={first.answer.state === 'done' ? first.answer.value : undefined}
          isCompared={looked.length > 1}
        />
        <Readout looked={looked} />
        {first.answer.state === 'done' && first.shown && scales[0] && (
          <SavePanel image={first.image} evidence={first.answer.value} shown={first.shown} scale={scales[0]} />
        )}
      </aside>
    </div>
  );
}

function useLooked(image: ImageEntry | undefined): Looked | undefined {
  const answer = useCall('evidence', image ? { image: image.hash } : null, { keep: KEPT_ANSWERS });
  const evidence = answer.state === 'done' ? answer.value : undefined;
  useEffect(() => {
    if (image && evidence) noteVerdict(image.hash, evidence.class, evidence.probabilities[evidence.class]!);
  }, [image, evidence]);
  if (!image) return undefined;
  return { image, answer, shown: evidence && shownMap(evidence, param('map')) };
}
