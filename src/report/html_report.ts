import { confusionChart, type EpochPoint, type RocPoint, rocChart, trainingChart } from './charts.ts';
import { REPORT_STYLE } from './html_style.ts';
import { escapeMarkup, formatDuration, formatPercent } from './words.ts';

export interface ReportPicture {
  /** Path of a picture file next to the report. */
  readonly source: string;
  readonly caption: string;
}

/** One image and the network's verdict on it. */
export interface ReportCase {
  readonly name: string;
  readonly verdict: string;
  /** Probability of the verdict, 0..1. */
  readonly probability: number;
  /** The image's label, if it has one. */
  readonly truth?: string;
  readonly pictures: readonly ReportPicture[];
}

export interface ReportEvaluation {
  readonly images: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly sensitivity: number;
  readonly specificity: number;
  readonly auroc: number;
  /** 95 % confidence interval. */
  readonly aurocInterval?: readonly [low: number, high: number];
  readonly classes: readonly string[];
  /** The class that counts as positive. */
  readonly positive: string;
  /** [classes, classes]; rows are true classes. */
  readonly confusion: readonly (readonly number[])[];
  readonly roc: readonly RocPoint[];
}

export interface ReportFact {
  readonly label: string;
  readonly value: string;
  /** An explanation, in small print. */
  readonly why?: string;
}

/** The content of a run's report. */
export interface DemoReport {
  readonly title: string;
  /** What the run did, in one or two sentences. */
  readonly summary: string;
  readonly cases: readonly ReportCase[];
  /** Shown above the cases: which were chosen, and how. */
  readonly casesNote?: string;
  readonly history: readonly EpochPoint[];
  readonly historyNote?: string;
  readonly evaluation?: ReportEvaluation;
  /** Adapter, backbone, sample and why it has this size. */
  readonly ran: readonly ReportFact[];
  readonly times: readonly { readonly label: string; readonly elapsedMs: number }[];
  /** HTML is escaped; https addresses become links. */
  readonly attribution: readonly string[];
}

/** The licence requires this text wherever the X-rays are shown. */
export const CHEST_XRAY_ATTRIBUTION =
  'X-rays: Kermany, Zhang, Goldbaum (2018), "Labeled Optical Coherence Tomography (OCT) and Chest X-Ray Images for ' +
  'Classification", Mendeley Data, https://doi.org/10.17632/rscbjbr9sj, CC BY 4.0, scaled to 224 x 224. ' +
  'Paper: https://doi.org/10.1016/j.cell.2018.02.010';

/** Tells a report that `raycam demo` wrote from other HTML files. */
export const GENERATOR = '<meta name="generator" content="raycam demo">';

/** Renders a report as one HTML file that needs no other files except its pictures. */
export function renderHtmlReport(report: DemoReport): string {
  const sections = [
    heading(report),
    section('Verdicts', cases(report)),
    section('Training', training(report)),
    section('Evaluation', report.evaluation === undefined ? '' : evaluation(report.evaluation)),
    section('What ran', facts(report)),
    footer(report),
  ];
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    `<meta name="viewport" content="width=device-width, initial-scale=1">${GENERATOR}`,
    `<title>${escapeMarkup(report.title)}</title><style>${REPORT_STYLE}</style></head>`,
    `<body><main>${sections.join('\n')}</main></body></html>`,
    '',
  ].join('\n');
}

function section(title: string, body: string): string {
  return body === '' ? '' : `<section><h2>${escapeMarkup(title)}</h2>${body}</section>`;
}

function heading({ title, summary, evaluation: e }: DemoReport): string {
  const numbers: [value: string, label: string][] = [];
  if (e !== undefined) {
    const interval = e.aurocInterval;
    const range = interval === undefined ? '' : `, 95 % interval ${interval.map(v => v.toFixed(3)).join(' to ')}`;
    numbers.push([e.auroc.toFixed(3), `AUROC${range}`]);
    numbers.push([formatPercent(e.accuracy), 'accuracy']);
    numbers.push([formatPercent(e.sensitivity), 'sensitivity']);
    numbers.push([formatPercent(e.specificity), 'specificity']);
    numbers.push([String(e.images), 'test images']);
  }
  const tiles = numbers.map(([value, label]) => `<li class="card"><b>${value}</b><span>${label}</span></li>`);
  return (
    `<h1>${escapeMarkup(title)}</h1><p class="lead">${escapeMarkup(summary)}</p>` +
    '<p class="notice">Not a medical device: for research and teaching only</p>' +
    (tiles.length === 0 ? '' : `<ul class="numbers">${tiles.join('')}</ul>`)
  );
}

function cases({ cases: all, casesNote }: DemoReport): string {
  if (all.length === 0) return '';
  const note = casesNote === undefined ? '' : `<p class="faint">${escapeMarkup(casesNote)}</p>`;
  return `${note}<div class="cases">${all.map(caseCard).join('')}</div>`;
}

function caseCard(one: ReportCase): string {
  const right = one.truth === one.verdict;
  const truth =
    one.truth === undefined
      ? ''
      : `<span class="truth ${right ? 'right' : 'wrong'}">${right ? 'label agrees' : `label: ${escapeMarkup(one.truth)}`}</span>`;
  const pictures = one.pictures.map(({ source, caption }) => {
    const alt = `${caption}, ${one.name}`;
    return `<figure><img src="${escapeMarkup(source)}" alt="${escapeMarkup(alt)}"><figcaption>${escapeMarkup(caption)}</figcaption></figure>`;
  });
  return (
    `<article class="card case"><header><h3>${escapeMarkup(one.verdict)}</h3>` +
    `<span class="share">${formatPercent(one.probability)}</span>${truth}</header>` +
    `<div class="bar" aria-hidden="true"><i style="width:${(one.probability * 100).toFixed(1)}%"></i></div>` +
    `<div class="pictures">${pictures.join('')}</div><p class="file">${escapeMarkup(one.name)}</p></article>`
  );
}

function training({ history, historyNote }: DemoReport): string {
  if (history.length === 0) return '';
  const note = historyNote === undefined ? '' : `<p class="faint">${escapeMarkup(historyNote)}</p>`;
  const charts = (['loss', 'accuracy'] as const).map(what => `<div class="card">${trainingChart(history, what)}</div>`);
  return `${note}<div class="charts">${charts.join('')}</div>`;
}

function evaluation(e: ReportEvaluation): string {
  const interval = e.aurocInterval?.map(value => value.toFixed(3)).join(' to ');
  const rows: ReportFact[] = [
    { label: 'Images', value: String(e.images) },
    { label: 'AUROC', value: e.auroc.toFixed(4), why: interval && `95 % interval ${interval}` },
    { label: 'Accuracy', value: formatPercent(e.accuracy, 2) },
    {
      label: 'Sensitivity',
      value: formatPercent(e.sensitivity, 2),
      why: `share of ${e.positive} images classified as such`,
    },
    { label: 'Specificity', value: formatPercent(e.specificity, 2), why: 'share of other images classified as such' },
    { label: 'Loss', value: e.loss.toFixed(4), why: 'mean negative log-likelihood' },
  ];
  const roc = rocChart({ points: e.roc, auroc: e.auroc, interval: e.aurocInterval });
  const confusion = confusionChart({ classes: e.classes, counts: e.confusion });
  const parts = [factTable(rows), roc, confusion].map(part => `<div class="card">${part}</div>`);
  return `<div class="evaluation">${parts.join('')}</div>`;
}

function facts({ ran, times }: DemoReport): string {
  const timed = times.map(({ label, elapsedMs }) => ({ label, value: formatDuration(elapsedMs) }));
  const tables = [ran, timed].filter(rows => rows.length > 0).map(rows => `<div class="card">${factTable(rows)}</div>`);
  return tables.length === 0 ? '' : `<div class="charts">${tables.join('')}</div>`;
}

function factTable(rows: readonly ReportFact[]): string {
  const lines = rows.map(({ label, value, why }) => {
    const small = why === undefined ? '' : `<small>${escapeMarkup(why)}</small>`;
    return `<tr><th scope="row">${escapeMarkup(label)}</th><td>${escapeMarkup(value)}${small}</td></tr>`;
  });
  return `<table><tbody>${lines.join('')}</tbody></table>`;
}

function footer({ attribution }: DemoReport): string {
  const lines = attribution.map(line => `<p>${linked(escapeMarkup(line))}</p>`);
  return `<footer>${lines.join('')}<p>Raycam is a research and teaching tool and not a medical device.</p></footer>`;
}

function linked(escaped: string): string {
  return escaped.replace(/https:\/\/[^\s<]*[^\s<.,;]/g, address => `<a href="${address}">${address}</a>`);
}
