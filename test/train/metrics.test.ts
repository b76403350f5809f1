import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auroc, rocCurve } from '../../src/train/auroc.ts';
import { metricsOf } from '../../src/train/metrics.ts';

const [P, N] = [true, false];

describe('auroc', () => {
  it("equals scikit-learn's example", () => {
    expect(auroc([0.1, 0.4, 0.35, 0.8], [N, N, P, P])!.value).toBe(0.75);
  });

  it('equals a value and an interval computed by hand, with ties', () => {
    // Positives 0.9, 0.8, 0.4 beat 3, 3 and 1.5 of the negatives 0.7, 0.4, 0.2: 7.5 of 9 pairs.
    // The fractions 1, 1, 1/2 have variance 1/12, and 2/3, 5/6, 1 have 1/36: (1/12 + 1/36) / 3 = 1/27.
    const { value, interval } = auroc([0.9, 0.8, 0.4, 0.7, 0.4, 0.2], [P, P, P, N, N, N])!;
    expect(value).toBeCloseTo(7.5 / 9, 15);
    expect(interval![0]).toBeCloseTo(7.5 / 9 - 1.959963984540054 * Math.sqrt(1 / 27), 12);
    expect(interval![1]).toBe(1);
  });

  it('is one half if all scores are equal', () => {
    expect(auroc([1, 1, 1, 1], [P, P, N, N])).toEqual({ value: 0.5, interval: [0.5, 0.5] });
  });

  it('is 1 or 0 if the scores separate the classes', () => {
    expect(auroc([1, 2, 3, 4], [N, N, P, P])!.value).toBe(1);
    expect(auroc([1, 2, 3, 4], [P, P, N, N])!.value).toBe(0);
  });

  it('is null with one class, and has no interval with one image of a class', () => {
    expect(auroc([1, 2], [P, P])).toBeNull();
    expect(auroc([], [])).toBeNull();
    expect(auroc([1, 2, 3], [P, N, N])).toEqual({ value: 0, interval: null });
  });

  it("equals the definition's count of pairs, with DeLong's variance of the fractions", () => {
    const scores = fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(scores, scores, (positives, negatives) => {
        const beats = (p: number, n: number) => (p > n ? 1 : p === n ? 0.5 : 0);
        const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
        const below = positives.map(p => mean(negatives.map(n => beats(p, n))));
        const above = negatives.map(n => mean(positives.map(p => beats(p, n))));
        const spread = (values: number[]) =>
          values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1) / values.length;
        const got = auroc([...positives, ...negatives], [...positives.map(() => P), ...negatives.map(() => N)])!;
        expect(got.value).toBeCloseTo(mean(below), 12);
        const half = 1.959963984540054 * Math.sqrt(spread(below) + spread(above));
        expect(got.interval![0]).toBeCloseTo(Math.max(0, mean(below) - half), 7);
        expect(got.interval![1]).toBeCloseTo(Math.min(1, mean(below) + half), 7);
      }),
    );
  });

  it('equals the area under rocCurve', () => {
    const scores = [3, 3, 1, 2, 2, 5, 4, 1];
    const isPositive = [P, N, N, P, N, P, P, N];
    const points = rocCurve(scores, isPositive);
    const area = points.slice(1).reduce((sum, point, i) => {
      const width = point.falsePositiveRate - points[i]!.falsePositiveRate;
      return sum + (width * (point.truePositiveRate + points[i]!.truePositiveRate)) / 2;
    }, 0);
    expect(area).toBeCloseTo(auroc(scores, isPositive)!.value, 15);
    expect(points.map(point => point.threshold)).toEqual([Number.POSITIVE_INFINITY, 5, 4, 3, 2, 1]);
  });
});

describe('metrics', () => {
  const rows = (probabilities: readonly number[]) =>
    Float32Array.from(probabilities.flatMap(p => [Math.log(1 - p), Math.log(p)]));
  const classes = ['NORMAL', 'PNEUMONIA'];

  it('equal values computed by hand for two classes', () => {
    const metrics = metricsOf({ logProbabilities: rows([0.9, 0.8, 0.4, 0.7, 0.2]), labels: [1, 1, 1, 0, 0], classes });
    expect(metrics).toMatchObject({
      images: 5,
      accuracy: 3 / 5,
      positiveClass: 'PNEUMONIA',
      sensitivity: 2 / 3,
      specificity: 1 / 2,
      auroc: 5 / 6,
      confusion: [
        [1, 1],
        [1, 2],
      ],
      notes: [],
    });
    const loss = -(Math.log(0.9) + Math.log(0.8) + Math.log(0.4) + Math.log(0.3) + Math.log(0.8)) / 5;
    expect(metrics.loss).toBeCloseTo(loss, 6);
    expect(metrics.roc.map(point => point.threshold)[1]).toBeCloseTo(0.9, 6);
  });

  it('are null with a note, never NaN, if all images have one class', () => {
    const metrics = metricsOf({ logProbabilities: rows([0.9, 0.2]), labels: [1, 1], classes });
    expect(metrics).toMatchObject({ sensitivity: 1 / 2, specificity: null, auroc: null, aurocInterval: null, roc: [] });
    expect(metrics.notes).toEqual(['auroc: every image is PNEUMONIA, so the AUROC is undefined']);
    expect(JSON.stringify(metrics)).not.toContain('NaN');
  });

  it('have no interval if a class has one image', () => {
    const metrics = metricsOf({ logProbabilities: rows([0.9, 0.2, 0.3]), labels: [1, 0, 0], classes });
    expect(metrics).toMatchObject({ auroc: 1, aurocInterval: null });
    expect(metrics.notes).toEqual(['auroc: only one image is PNEUMONIA, so there is no confidence interval']);
  });

  it('rank predictions whose probabilities round to 1', () => {
    const logProbabilities = Float32Array.of(-40, 0, -30, 0, -20, 0);
    expect(metricsOf({ logProbabilities, labels: [1, 1, 0], classes }).auroc).toBe(1);
  });

  it('treat one of three classes as positive', () => {
    const logProbabilities = Float32Array.from(
      [0.6, 0.3, 0.1, 0.2, 0.5, 0.3, 0.1, 0.2, 0.7, 0.35, 0.4, 0.25].map(Math.log),
    );
    const labels = [0, 1, 2, 2];
    const abc = ['a', 'b', 'c'];
    expect(metricsOf({ logProbabilities, labels, classes: abc })).toMatchObject({
      accuracy: 3 / 4,
      positiveClass: 'c',
      sensitivity: 1 / 2,
      specificity: 1,
      auroc: 3 / 4,
    });
    expect(metricsOf({ logProbabilities, labels, classes: abc, positiveClass: 'b' })).toMatchObject({
      sensitivity: 1,
      specificity: 2 / 3,
      auroc: 1,
    });
  });

  it('reject an empty set and an unknown class', () => {
    expect(() => metricsOf({ logProbabilities: new Float32Array(), labels: [], classes })).toThrow(
      'metrics: there are no images to evaluate',
    );
    expect(() => metricsOf({ logProbabilities: rows([0.5]), labels: [0], classes, positiveClass: 'COVID' })).toThrow(
      'metrics: unknown class "COVID". Known: NORMAL, PNEUMONIA',
    );
  });
});
