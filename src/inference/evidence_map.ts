/** Class activation maps on the host. Imports little, because the page's main thread loads it without the network. */
import { ShapeError } from '../errors/index.ts';
import { finite } from './finite.ts';

/** A class activation map, not normalised. */
export interface EvidenceMap {
  /** [7, 7], row-major. Its mean plus the head's bias for the class is the class's logit. */
  readonly cam: Float32Array;
  /** [224, 224] */
  readonly upsampled: Float32Array;
  /** The minimum and the maximum of `upsampled`. */
  readonly bounds: readonly [number, number];
}

/** Adds the bounds to a map. @throws DeviceError  a value is not finite */
export function evidenceMap(cam: Float32Array, upsampled: Float32Array): EvidenceMap {
  finite('cam', cam);
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of finite('cam', upsampled)) {
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  return { cam, upsampled, bounds: [least, greatest] };
}

/**
 * Subtracts the second map from the first. The result is positive where the evidence favours the first class. Its mean
 * is the difference of the classes' logits minus the difference of their biases.
 *
 * @throws ShapeError  the maps differ in size
 */
export function differenceOf(first: EvidenceMap, second: EvidenceMap): EvidenceMap {
  return evidenceMap(subtract(first.cam, second.cam), subtract(first.upsampled, second.upsampled));
}

function subtract(a: Float32Array, b: Float32Array): Float32Array {
  if (a.length !== b.length)
    throw new ShapeError(`difference: first has ${a.length} values but second has ${b.length}`);
  return a.map((value, i) => value - b[i]!);
}
