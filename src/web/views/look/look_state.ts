/** How the maps are shown: live values, written to the address when they settle. */
import { computed, effect, signal } from '@preact/signals';
import { COLORMAP_NAMES, DEFAULT_COLORMAP } from '../../../report/colormap.ts';
import { INPUT_SIDE, type Probe } from '../../parts/plate.tsx';
import { param, setParams } from '../../state/route.ts';

const DEFAULT_OPACITY = 0.5;

/** 0..1; follows the slider, and the address when it changes. */
export const opacity = signal(DEFAULT_OPACITY);

effect(() => {
  const value = Number(param('opacity') ?? DEFAULT_OPACITY);
  opacity.value = value >= 0 && value <= 1 ? value : DEFAULT_OPACITY;
});

/** Where the pointer is. */
const hovered = signal<Probe | undefined>(undefined);

/** The pinned place of the address, `row,column`. */
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

/** The X-ray as the file has it, or the 224 x 224 pixels that the network sees. */
export const showsInput = computed(() => param('show') === 'input');

/** The map as the features give it, or enlarged. */
export const showsCells = computed(() => param('cells') === '1');

/** Whether two X-rays side by side have one scale. */
export const sharesScale = computed(() => param('scale') !== 'own');
