/** Which map of an X-ray's evidence is shown, and on what scale. */
import type { Evidence } from '../../../inference/evidence.ts';
import { differenceOf, type EvidenceMap } from '../../../inference/evidence_map.ts';
import { type MapScale, signedScale } from '../../../report/map_raster.ts';

/** In the address, beside the classes' names. */
export const DIFFERENCE = 'difference';

export interface ShownMap {
  readonly map: EvidenceMap;
  /** Whose evidence, in words. */
  readonly about: string;
  readonly isSigned: boolean;
}

/** The classes whose maps are subtracted: of two, the second less the first; of more, the likeliest less the next. */
export function comparedClasses(evidence: Evidence): readonly [string, string] {
  const names = Object.keys(evidence.maps);
  if (names.length === 2) return [names[1]!, names[0]!];
  const [first, second] = names.sort((a, b) => evidence.logits[b]! - evidence.logits[a]!);
  return [first!, second!];
}

/** `choice` is a class, `difference`, or nothing: then it is the verdict's class. */
export function shownMap(evidence: Evidence, choice: string | undefined): ShownMap {
  if (choice === DIFFERENCE && Object.keys(evidence.maps).length > 1) {
    const [first, second] = comparedClasses(evidence);
    const map = differenceOf(evidence.maps[first]!, evidence.maps[second]!);
    return { map, about: `${first} rather than ${second}`, isSigned: true };
  }
  const name = choice !== undefined && choice in evidence.maps ? choice : evidence.class;
  return { map: evidence.maps[name]!, about: name, isSigned: false };
}

/** Over all the maps given, so that one colour means one value. */
export function scaleOf(maps: readonly ShownMap[], colormap: string): MapScale {
  const least = Math.min(...maps.map(({ map }) => map.bounds[0]));
  const greatest = Math.max(...maps.map(({ map }) => map.bounds[1]));
  return maps.some(({ isSigned }) => isSigned)
    ? signedScale([least, greatest])
    : { bounds: [least, greatest], colormap };
}
