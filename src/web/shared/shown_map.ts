/** Selects the map of an X-ray's evidence, and its scale. */
import type { Evidence } from '../../inference/evidence.ts';
import { differenceOf, type EvidenceMap } from '../../inference/evidence_map.ts';
import { type MapScale, signedScale } from '../../report/map_raster.ts';

/** The value of `map` in the address that is not a class. */
export const DIFFERENCE = 'difference';

export interface ShownMap {
  readonly map: EvidenceMap;
  /** The class, or the two classes, that the map is evidence for. */
  readonly about: string;
  readonly isSigned: boolean;
}

/** Returns the classes whose maps are subtracted: of two, second minus first; of more, most likely minus next. */
export function comparedClasses(evidence: Evidence): readonly [string, string] {
  const names = Object.keys(evidence.maps);
  if (names.length === 2) return [names[1]!, names[0]!];
  const [first, second] = names.sort((a, b) => evidence.logits[b]! - evidence.logits[a]!);
  return [first!, second!];
}

/** Returns the map for `choice`: a class, `difference`, or by default the verdict's class. */
export function shownMap(evidence: Evidence, choice: string | undefined): ShownMap {
  if (choice === DIFFERENCE && Object.keys(evidence.maps).length > 1) {
    const [first, second] = comparedClasses(evidence);
    const map = differenceOf(evidence.maps[first]!, evidence.maps[second]!);
    return { map, about: `${first} rather than ${second}`, isSigned: true };
  }
  const name = choice !== undefined && choice in evidence.maps ? choice : evidence.class;
  return { map: evidence.maps[name]!, about: name, isSigned: false };
}

/** Returns one scale for all the maps, so that a colour means the same value in each. */
export function scaleOf(maps: readonly ShownMap[], colormap: string): MapScale {
  const least = Math.min(...maps.map(({ map }) => map.bounds[0]));
  const greatest = Math.max(...maps.map(({ map }) => map.bounds[1]));
  return maps.some(({ isSigned }) => isSigned)
    ? signedScale([least, greatest])
    : { bounds: [least, greatest], colormap };
}
