import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { confusionChart, rocChart, trainingChart } from '../../src/report/charts.ts';
import { CHEST_XRAY_ATTRIBUTION, type DemoReport, renderHtmlReport } from '../../src/report/html_report.ts';
import { roundAxis } from '../../src/report/svg.ts';
import { formatDuration, formatPercent, formatRaw } from '../../src/report/words.ts';

const HISTORY = [1, 2, 3].map(epoch => ({
  epoch,
  train: { loss: 1 / epoch, accuracy: 1 - 0.2 / epoch },
  test: { loss: 1.2 / epoch, accuracy: 0.9 - 0.2 / epoch },
}));

const REPORT: DemoReport = {
  title: 'A <run> & "more"',
  summary: 'It ran.',
  cases: [
    {
      name: '<a>.jpeg',
      verdict: 'PNEUMONIA',
      truth: 'NORMAL',
      probability: 0.7,
      pictures: [{ source: 'a.png', caption: 'X-ray' }],
    },
  ],
  history: HISTORY,
  evaluation: {
    images: 10,
    loss: 0.5,
    accuracy: 0.8,
    sensitivity: 0.9,
    specificity: 0.7,
    auroc: 0.9371,
    aurocInterval: [0.917, 0.955],
    classes: ['NORMAL', 'PNEUMONIA'],
    positive: 'PNEUMONIA',
    confusion: [
      [3, 2],
      [0, 5],
    ],
    roc: [
      { falsePositiveRate: 0, truePositiveRate: 0 },
      { falsePositiveRate: 1, truePositiveRate: 1 },
    ],
  },
  ran: [{ label: 'Adapter', value: 'SwiftShader', why: 'no GPU' }],
  times: [{ label: 'Head', elapsedMs: 391 }],
  attribution: [CHEST_XRAY_ATTRIBUTION],
};

/** Returns the tags that are not closed in order. Sufficient for markup that omits no closing tags. */
function unbalanced(markup: string): string[] {
  const open: string[] = [];
  for (const [, close, name, self] of markup
    .replace(/<style>[\s\S]*?<\/style>/g, '')
    .matchAll(/<(\/?)([a-z0-9]+)[^>]*?(\/?)>/g)) {
    if (self === '/' || ['meta', 'img'].includes(name!)) continue;
    if (close === '') open.push(name!);
    else if (open.pop() !== name) return [...open, `/${name}`];
  }
  return open;
}

describe('renderHtmlReport', () => {
  it('closes all tags, escapes text, and loads nothing from other hosts', () => {
    const html = renderHtmlReport(REPORT);
    expect(unbalanced(html)).toEqual([]);
    expect(html).toContain('<title>A &lt;run&gt; &amp; &quot;more&quot;</title>');
    expect(html).toContain('alt="X-ray, &lt;a&gt;.jpeg"');
    expect(html).not.toMatch(/<script|<link|src="http|@import|url\(/);
    expect(html).not.toMatch(/NaN|undefined/);
  });

  it('shows the numbers, labels, licence and the notice that it is not a medical device', () => {
    const html = renderHtmlReport(REPORT);
    for (const words of [
      '0.937',
      '0.917 to 0.955',
      'label: NORMAL',
      'SwiftShader',
      '391 ms',
      'CC BY 4.0',
      'Not a medical device',
    ]) {
      expect(html).toContain(words);
    }
    expect(html).toContain('<a href="https://doi.org/10.17632/rscbjbr9sj">');
  });

  it('leaves out sections without content', () => {
    const html = renderHtmlReport({ ...REPORT, cases: [], history: [], evaluation: undefined, ran: [], times: [] });
    expect(html).not.toContain('<h2>');
    expect(unbalanced(html)).toEqual([]);
  });

  it('shows every picture from its file, with its caption', () => {
    const pictures = [
      { source: 'a "1".png', caption: 'X-ray' },
      { source: 'b&c.png', caption: '<Overlay>' },
    ];
    const html = renderHtmlReport({ ...REPORT, cases: [{ ...REPORT.cases[0]!, pictures }] });
    expect(html).toContain(
      '<div class="pictures">' +
        '<figure><img src="a &quot;1&quot;.png" alt="X-ray, &lt;a&gt;.jpeg"><figcaption>X-ray</figcaption></figure>' +
        '<figure><img src="b&amp;c.png" alt="&lt;Overlay&gt;, &lt;a&gt;.jpeg"><figcaption>&lt;Overlay&gt;</figcaption></figure>' +
        '</div>',
    );
    expect(unbalanced(html)).toEqual([]);
  });
});

describe('charts', () => {
  it('have a title and a description, and close all tags', () => {
    const { classes, confusion, roc, auroc } = REPORT.evaluation!;
    const charts = [
      trainingChart(HISTORY, 'loss'),
      trainingChart(HISTORY, 'accuracy'),
      rocChart({ points: roc, auroc }),
      confusionChart({ classes, counts: confusion }),
    ];
    for (const chart of charts) {
      expect(chart).toMatch(/role="img".*<title>.+<\/title><desc>.+<\/desc>/);
      expect(unbalanced(chart)).toEqual([]);
    }
    expect(charts[3]).toContain(
      '<desc>NORMAL: 3 predicted as NORMAL, 2 predicted as PNEUMONIA; PNEUMONIA: 0 predicted as NORMAL, 5 predicted as PNEUMONIA</desc>',
    );
  });

  it('draw histories of any length and skip values that are not finite', () => {
    const phase = fc.record({
      loss: fc.oneof(fc.double({ min: 0, max: 50 }), fc.constant(Number.NaN)),
      accuracy: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.array(fc.record({ train: phase, test: fc.option(phase, { nil: undefined }) }), { maxLength: 40 }),
        epochs => {
          const history = epochs.map((point, i) => ({ epoch: i + 1, ...point }));
          for (const what of ['loss', 'accuracy'] as const) {
            const chart = trainingChart(history, what);
            expect(chart.replace(/<desc>.*<\/desc>/, '')).not.toMatch(/NaN|Infinity|undefined/);
          }
        },
      ),
    );
  });

  it('choose axes with round ticks that cover their range', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
        (low, span) => {
          const axis = roundAxis('x', low, low + span);
          const slack = span * 1e-6 + Math.abs(low) * 1e-9;
          expect(axis.min).toBeLessThanOrEqual(low + slack);
          expect(axis.max).toBeGreaterThanOrEqual(low + span - slack);
          expect(axis.ticks.length).toBeGreaterThanOrEqual(2);
          expect(axis.ticks.length).toBeLessThanOrEqual(8);
        },
      ),
    );
    expect(roundAxis('loss', 0, 0.93).ticks.map(tick => tick.text)).toEqual(['0.00', '0.25', '0.50', '0.75', '1.00']);
  });
});

describe('words', () => {
  it('format raw values with the digits that their range needs', () => {
    expect([formatRaw(14.92, 18), formatRaw(-3.128, 18), formatRaw(0.00012, 0.0005), formatRaw(-0.0001, 18)]).toEqual([
      '14.9',
      '-3.1',
      '0.000120',
      '0.0',
    ]);
    expect([formatRaw(0, 0), formatRaw(3e-9, 5e-9), formatRaw(1234.5, 4000), formatRaw(Number.NaN, 1)]).toEqual([
      '0',
      '3.00e-9',
      '1235',
      'NaN',
    ]);
  });

  it('format durations and ratios', () => {
    expect([0.25, 812, 4210, 42_000, 185_000].map(formatDuration)).toEqual([
      '0.25 ms',
      '812 ms',
      '4.2 s',
      '42 s',
      '3 min 05 s',
    ]);
    expect([formatPercent(0.987), formatPercent(Number.NaN)]).toEqual(['98.7 %', 'undefined']);
  });
});
