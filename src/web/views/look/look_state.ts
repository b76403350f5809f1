/** The state of Look: how maps are shown. Values change live, and go into the address once they settle. */
import { computed, effect, signal } from '@preact/signals';
import type { Evidence } from '../../../inference/evidence.ts';
import { COLORMAP_NAMES, DEFAULT_COLORMAP } from '../../../report/colormap.ts';
import { INPUT_SIDE, type Probe } from '../../parts/plate.tsx';
import type { ShownMap } from '../../shared/shown_map.ts';
import type { ImageEntry } from '../../state/images.ts';
import { param, setParams } from '../../state/route.ts';
import type { Answer } from '../../state/use_call.ts';

/** One X-ray with its evidence. */
export interface Looked {
  readonly image: ImageEntry;
  readonly answer: Answer<Evidence>;
  readonly shown?: ShownMap;
}

const DEFAULT_OPACITY = 0.5;

/** 0..1. Follows the slider, and the address when that changes. */
export const opacity = signal(DEFAULT_OPACITY);

effect(() => {
  const value = Number(param('opacity') ?? DEFAULT_OPACITY);
  opacity.value = value >= 0 && value <= 1 ? value : DEFAULT_OPACITY;
});

/** Position of the pointer. */
const hovered = signal<Probe | undefined>(undefined);

/** The pinned position in the address, `row,column`. */
const pinned = computed<Probe | undefined>(() => {
  const [y, x] = (param('pixel') ?? '').split(',').map(Number);
  const isPlace = (value: number | undefined): value is number =>
    Number.isInteger(value) && value! >= 0 && value! < INPUT_SIDE;
  return isPlace(x) && isPlace(y) ? { x, y } : undefined;
});

export const probe = computed(() => hovered.value ?? pinned.value);

export function moveProbe(place: Probe | undefined, isPinned: boolean): void {
  hovered.value = isPinned ? undefined : place;
  if (isPinned) setParams({ pixel: place ? `${place.y},${place.x}` : null }, { replace: true });
}

export const colormap = computed(() => {
  const name = param('colours');
  return COLORMAP_NAMES.find(known => known === name) ?? DEFAULT_COLORMAP;
});

/** Whether to show the 224 x 224 pixels that the network sees instead of the file. */
export const showsInput = computed(() => param('show') === 'input');

/** Whether to show the raw 7 x 7 map instead of the enlarged one. */
export const showsCells = computed(() => param('cells') === '1');

/** Whether two X-rays side by side share a scale. */
export const sharesScale = computed(() => param('scale') !== 'own');
