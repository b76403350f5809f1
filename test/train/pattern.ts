/** The inputs of scripts/make_training_fixtures.py, computed from integers, so they are exact in float32. */
import type { FeatureSet } from '../../src/train/feature_set.ts';

/** Returns Murmur3's final mix of seed * 2^24 + index, scaled to [-1, 1). */
export function pattern(size: number, seed: number): Float32Array {
  return Float32Array.from({ length: size }, (_, index) => {
    let h = ((seed << 24) + index) | 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h ^= h >>> 16;
    return (h >>> 8) / 2 ** 23 - 1;
  });
}

/** Returns the class with the largest pattern value for each of n rows. */
export function patternTargets(n: number, classes: number, seed: number): Float32Array {
  const values = pattern(n * classes, seed);
  return Float32Array.from({ length: n }, (_, row) => {
    const scores = values.subarray(row * classes, (row + 1) * classes);
    return scores.indexOf(Math.max(...scores));
  });
}

/** Returns the fixtures' head. */
export function patternHead(classes: number, featureCount: number) {
  return {
    classes: Array.from({ length: classes }, (_, k) => `class ${k}`),
    featureCount,
    weight: pattern(classes * featureCount, 1).map(value => value * 0.125),
    bias: pattern(classes, 2).map(value => value * 0.125),
  };
}

export const BLOB_FEATURES = 36;

/** Returns noise whose first four features separate the classes. */
export function blobs(count: number, seed: number): FeatureSet {
  const features = pattern(count * BLOB_FEATURES, seed);
  const labels = Uint8Array.from({ length: count }, (_, i) => (i * 5 + seed) % 2);
  labels.forEach((label, i) => {
    for (let f = 0; f < 4; f++) features[i * BLOB_FEATURES + f]! += label - 0.5;
  });
  return { features, labels };
}
