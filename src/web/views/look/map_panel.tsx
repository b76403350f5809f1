/** Selects the map, and how it is drawn. */
import type { Evidence } from '../../../inference/evidence.ts';
import { COLORMAP_NAMES, DEFAULT_COLORMAP } from '../../../report/colormap.ts';
import { Segments } from '../../parts/segments.tsx';
import { Select } from '../../parts/select.tsx';
import { comparedClasses, DIFFERENCE } from '../../shared/shown_map.ts';
import { param, setParams } from '../../state/route.ts';
import { colormap, opacity, sharesScale, showsCells, showsInput } from './look_state.ts';

export interface MapPanelProps {
  /** Evidence of the first X-ray; absent while it is computed. */
  readonly evidence?: Evidence;
  readonly isCompared: boolean;
}

export function MapPanel({ evidence, isCompared }: MapPanelProps) {
  const choice = param('map');
  const shown =
    choice === DIFFERENCE || (choice && evidence && Object.hasOwn(evidence.maps, choice)) ? choice : evidence?.class;
  return (
    <section class="controls" aria-label="Heat map">
      <h2>{evidence ? 'Evidence for' : 'Heat map'}</h2>
      {evidence && <EvidenceChoice evidence={evidence} shown={shown!} />}
      <OpacitySlider />
      <div class="pair">
        <Select
          label="Colours"
          value={colormap.value}
          options={COLORMAP_NAMES.map(name => ({ value: name, text: name }))}
          isDisabled={shown === DIFFERENCE}
          testId="colours"
          onChange={name => setParams({ colours: name === DEFAULT_COLORMAP ? null : name })}
        />
        <Select
          label="Map"
          value={showsCells.value ? 'cells' : 'smooth'}
          options={[
            { value: 'smooth', text: 'enlarged' },
            { value: 'cells', text: '7 × 7, raw' },
          ]}
          testId="cells"
          onChange={cells => setParams({ cells: cells === 'cells' ? '1' : null })}
        />
      </div>
      <Segments
        label="X-ray"
        value={showsInput.value ? 'input' : 'file'}
        options={[
          { value: 'file', text: 'Original X-ray' },
          { value: 'input', text: 'As the network sees it' },
        ]}
        onChange={show => setParams({ show: show === 'input' ? show : null })}
      />
      {isCompared && <ScaleChoice />}
    </section>
  );
}

/** Selects the class whose evidence is shown, or the difference of the classes. */
function EvidenceChoice({ evidence, shown }: { readonly evidence: Evidence; readonly shown: string }) {
  const classes = Object.keys(evidence.maps).map(name => ({ value: name, text: name }));
  return (
    <>
      <Segments
        label="Evidence for"
        value={shown}
        options={classes.length > 1 ? [...classes, { value: DIFFERENCE, text: 'Difference' }] : classes}
        onChange={map => setParams({ map })}
      />
      <p class="about">{aboutOf(shown, evidence)}</p>
    </>
  );
}

/** The address changes when the slider is released, the map while it moves. */
function OpacitySlider() {
  return (
    <label class="field">
      <span>
        Opacity <output class="number">{Math.round(100 * opacity.value)} %</output>
      </span>
      <input
        type="range"
        min="0"
        max="100"
        value={100 * opacity.value}
        data-testid="opacity"
        onInput={event => {
          opacity.value = Number(event.currentTarget.value) / 100;
        }}
        onChange={event => setParams({ opacity: String(Number(event.currentTarget.value) / 100) }, { replace: true })}
      />
    </label>
  );
}

/** Selects whether the compared maps share a scale. */
function ScaleChoice() {
  return (
    <Segments
      label="Scale"
      value={sharesScale.value ? 'shared' : 'own'}
      options={[
        { value: 'shared', text: 'One scale' },
        { value: 'own', text: 'Separate scales' },
      ]}
      onChange={scale => setParams({ scale: scale === 'own' ? scale : null })}
    />
  );
}

function aboutOf(shown: string, evidence: Evidence): string {
  if (shown !== DIFFERENCE)
    return `The channels of layer4, with the head’s weights for ${shown}. Bright areas are evidence for it.`;
  const [first, second] = comparedClasses(evidence);
  return `${first} minus ${second}: orange is evidence for ${first}, blue for ${second}.`;
}
