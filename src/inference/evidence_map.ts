/** Class activation maps on the host; small enough for a page that leaves the network to a worker. */
import { ShapeError } from '../errors/index.ts';
import { finite } from './finite.ts';

/** A class activation map, not normalised. */
export interface EvidenceMap {
  /** [7, 7], C order; its mean and the head's bias for the class add up to the class's logit. */
  readonly cam: Float32Array;
  /** [224, 224] */
  readonly upsampled: Float32Array;
  /** The least and the greatest of `upsampled`. */
  readonly bounds: readonly [number, number];
}

/** @throws DeviceError  a value is not finite */
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
 * Evidence for one class rather than another, signed: positive where it speaks for the first. Its mean is the difference of
 * the classes' logits less that of their biases.
 *
 * @throws ShapeError  the maps differ in size
 */
export function differenceOf(first: EvidenceMap, second: EvidenceMap): EvidenceMap {
  return evidenceMap(subtract(first.cam, second.cam), subtract(first.upsampled, second.upsampled));
}

function subtract(a: Float32Array, b: Float32Array): Float32Array {
  if (a.length !== b.length) throw new ShapeError(`difference: maps of ${a.length} and of ${b.length} values`);
  return a.map((value, i) => value - b[i]!);
}
