import type { TrainedHead } from '../../inference/train_head.ts';
import type { DemoReport, ReportEvaluation } from '../../report/html_report.ts';
import type { Metrics } from '../../train/metrics.ts';
import type { DrawnCase, Sample } from './demo_cases.ts';

export interface DemoResults {
  readonly cases: readonly DrawnCase[];
  readonly trained: TrainedHead;
  /** Metrics of the bundled head on the same images. */
  readonly bundled: Metrics | undefined;
  readonly facts: {
    readonly adapter: string;
    readonly backbone: string;
    readonly whyBackbone: string;
    readonly sample: Sample;
  };
  readonly times: {
    readonly features: number;
    readonly computed: number;
    readonly maps: number;
  };
  readonly attribution: readonly string[];
}

/** Returns the contents of the report. */
export function demoReport({ cases, trained, bundled, facts, times, attribution }: DemoResults): DemoReport {
  const { train, test, why } = facts.sample;
  const few = train.images.length;
  return {
    title: 'Raycam: chest X-rays, verdicts and evidence',
    summary:
      `A head was trained on the features that a frozen network computed from ${few} X-rays, and tested on ${test.images.length} others. ` +
      'The heat maps show its evidence. Every number was computed by Raycam’s own compute shaders on this machine.',
    cases,
    casesNote: 'The first three test images of each class, right or wrong.',
    history: trained.history.map(({ epoch, train: learnt, val }) => ({ epoch, train: learnt, test: val })),
    historyNote: 'The weights after the last epoch were kept, so the test images had no influence on the choice.',
    evaluation: evaluationOf(trained.metrics),
    ran: [
      { label: 'Adapter', value: facts.adapter },
      { label: 'Backbone', value: facts.backbone, why: facts.whyBackbone },
      { label: 'Sample', value: `${few} to train on, ${test.images.length} to test with`, why },
      ...(bundled === undefined ? [] : [bundledFact(bundled)]),
    ],
    times: [
      {
        label: times.computed > 0 ? `Features of ${times.computed} images` : 'Features, from the cache',
        elapsedMs: times.features,
      },
      { label: `${trained.history.length} epochs of the head`, elapsedMs: trained.elapsedMs },
      { label: `${cases.length} heat maps`, elapsedMs: times.maps },
    ],
    attribution,
  };
}

function bundledFact({ accuracy, auroc, images }: Metrics) {
  return {
    label: 'Bundled head',
    value: `accuracy ${(100 * accuracy).toFixed(1)} %, AUROC ${auroc?.toFixed(3) ?? '—'}`,
    why: `trained on 5,216 X-rays; on the same ${images} test images, none of which it was trained on`,
  };
}

/** Returns undefined if a figure is missing, as with a test set of one class. */
function evaluationOf({
  sensitivity,
  specificity,
  auroc,
  aurocInterval,
  positiveClass,
  ...rest
}: Metrics): ReportEvaluation | undefined {
  if (sensitivity === null || specificity === null || auroc === null) return undefined;
  return {
    ...rest,
    sensitivity,
    specificity,
    auroc,
    aurocInterval: aurocInterval ?? undefined,
    positive: positiveClass,
  };
}
