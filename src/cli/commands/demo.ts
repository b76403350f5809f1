import type { Command } from 'commander';
import {
  baseName,
  decodeImage,
  joinPath,
  makeDirectory,
  packageFile,
  readFile,
  resolvePath,
  writeFileAtomic,
} from '#platform';
import { type ImageFolder, openDataset } from '../../data/image_folder.ts';
import { explainImage } from '../../inference/explain.ts';
import type { Network } from '../../inference/network.ts';
import { evaluateHead } from '../../inference/predict.ts';
import { Head } from '../../nn/head.ts';
import { openHead } from '../../nn/head_file.ts';
import { DEFAULT_COLORMAP } from '../../report/colormap.ts';
import { CHEST_XRAY_ATTRIBUTION, type ReportCase, renderHtmlReport } from '../../report/html_report.ts';
import type { FeatureSet } from '../../train/feature_set.ts';
import { FIT_DEFAULTS } from '../../train/fit.ts';
import type { Metrics } from '../../train/metrics.ts';
import { type FeatureFlags, featureSetOf } from '../features.ts';
import { BUNDLED_HEAD } from '../head.ts';
import { addNetworkOptions, addReuseOption } from '../options.ts';
import type { Output } from '../output.ts';
import { describeAdapter, describeBackbone, interruption, runCommand } from '../session.ts';
import { writeCam } from './cam.ts';
import { type DemoNetwork, withDemoNetwork } from './demo_network.ts';
import { demoReport } from './demo_report.ts';
import { describeMetrics } from './evaluate.ts';
import { saveHead, type TrainedHead, type TrainFlags, trainHead } from './train.ts';

/** Small, so that a few dozen images make more than one step an epoch. */
const BATCH_SIZE = 8;
/** Heat maps of each class. */
const CASES_PER_CLASS = 3;
/** Images of each class where each forward pass takes seconds. */
const FEW = { train: 16, test: 8 };

type DemoFlags = FeatureFlags & { readonly out: string; readonly full?: boolean };

export function registerDemo(program: Command): void {
  addReuseOption(addNetworkOptions(program.command('demo'), 'what suits the adapter and can be fetched'))
    .description('the whole pipeline on the bundled X-rays: features, training, evaluation, heat maps, a report')
    .option('--out <dir>', 'the folder for the report', 'runs/demo')
    .option('--full', 'all 100 X-rays, whatever the adapter (on SwiftShader it takes 48 by default)')
    .action((flags: DemoFlags) =>
      runCommand(flags, () => withDemoNetwork(flags, (chosen, output) => demo(chosen, output, flags))),
    );
}

async function demo(chosen: DemoNetwork, output: Output, flags: DemoFlags): Promise<void> {
  const { network } = chosen;
  const startedMs = performance.now();
  const sample = await sampleFor(network, flags);
  output.note(
    `${sample.train.images.length} X-rays to train on, ${sample.test.images.length} to test with: ${sample.why}`,
  );

  const sets = {
    train: await featureSetOf(network, output, { folder: sample.train, label: 'features of train', flags }),
    val: await featureSetOf(network, output, { folder: sample.test, label: 'features of test', flags }),
  };
  const featuresMs = performance.now() - startedMs;

  const trainFlags: TrainFlags = {
    ...flags,
    ...FIT_DEFAULTS,
    batchSize: BATCH_SIZE,
    augment: 0,
    select: 'last',
    out: joinPath(flags.out, 'head.safetensors'),
  };
  const trained = await trainHead(network, output, {
    classes: sample.train.classes,
    sets,
    valName: 'test',
    flags: trainFlags,
  });
  if (trained === undefined) return;
  const metrics = await evaluateHead(network, trained.head, { set: sets.val });
  output.result({ metrics: withoutRoc(metrics) }, `\n${describeMetrics(metrics)}\n`);

  await makeDirectory(flags.out);
  const head = await saveHead(network, {
    ...trained,
    flags: trainFlags,
    images: sets.train.labels.length,
    metrics,
    measuredOn: 'test',
    chosenBy: 'test',
  });
  const mapsStartedMs = performance.now();
  const cases = await drawCases(network, output, { folder: sample.test, trained, out: flags.out });
  const report = demoReport({
    cases,
    trained,
    metrics,
    bundled: await evaluateBundled(network, sets.val),
    facts: {
      adapter: describeAdapter(network.device.adapter),
      backbone: describeBackbone(network.backbone),
      whyBackbone: chosen.why,
      sample,
    },
    times: {
      features: featuresMs,
      computed: sets.train.computed + sets.val.computed,
      training: trained.elapsedMs,
      maps: performance.now() - mapsStartedMs,
    },
    attribution: [CHEST_XRAY_ATTRIBUTION, `Weights: ${network.backbone.id}, ${network.backbone.licence}.`],
  });
  const path = joinPath(flags.out, 'report.html');
  await writeFileAtomic(path, renderHtmlReport(report));

  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  const paths = {
    report: resolvePath(path),
    heatMaps: cases.map(({ file }) => resolvePath(flags.out, file)),
    head: resolvePath(head.name),
  };
  output.note(`done in ${seconds} s`);
  output.result(
    paths,
    ['heat maps', ...paths.heatMaps.map(file => `  ${file}`), `head    ${paths.head}`, `report  ${paths.report}`].join(
      '\n',
    ),
  );
}

export interface Sample {
  readonly train: ImageFolder;
  readonly test: ImageFolder;
  /** What was taken, and why. */
  readonly why: string;
}

/** All of the bundled X-rays, or as many as a software Vulkan can see in a few minutes. */
async function sampleFor({ device }: Network, { full }: DemoFlags): Promise<Sample> {
  const { splits } = await openDataset(packageFile('sample/chest_xray'));
  const [train, test] = [splits.train!, splits.test!];
  if (full || device.adapter.kind !== 'software') return { train, test, why: 'all that are bundled' };
  const why = 'the first of each class, since a forward pass takes seconds on a software Vulkan (--full takes all 100)';
  return { train: firstOfEachClass(train, FEW.train), test: firstOfEachClass(test, FEW.test), why };
}

function firstOfEachClass(folder: ImageFolder, count: number): ImageFolder {
  const taken = folder.classes.map(() => 0);
  return { ...folder, images: folder.images.filter(({ classIndex }) => taken[classIndex]!++ < count) };
}

export interface DrawnCase extends ReportCase {
  /** In the report's folder. */
  readonly file: string;
}

/** Heat maps of the first test images of each class, by the head that was just trained. */
async function drawCases(
  network: Network,
  output: Output,
  { folder, trained, out }: { readonly folder: ImageFolder; readonly trained: TrainedHead; readonly out: string },
): Promise<DrawnCase[]> {
  const chosen = firstOfEachClass(folder, CASES_PER_CLASS).images;
  const head = new Head(network.device, trained.head);
  const progress = output.progress('heat maps', chosen.length);
  const cases: DrawnCase[] = [];
  try {
    for (const { path, classIndex } of chosen) {
      interruption.signal.throwIfAborted();
      const explanation = await explainImage(network, head, await decodeImage(await readFile(path), path));
      const name = baseName(path);
      const stem = name.replace(/\.[^.]+$/, '');
      await writeCam(explanation, { folder: out, stem, name, colormap: DEFAULT_COLORMAP });
      const { class: verdict, probabilities } = explanation;
      const picture = {
        source: `${stem}.png`,
        caption: `The X-ray, the evidence for ${verdict} over it, and the map alone`,
      };
      cases.push({
        name,
        verdict,
        probability: probabilities[verdict]!,
        truth: folder.classes[classIndex]!,
        pictures: [picture],
        file: picture.source,
      });
      progress.update(cases.length);
    }
    return cases;
  } finally {
    progress.stop();
    head.dispose();
  }
}

/** What the head that comes with Raycam says of the same test images, where it fits the backbone. */
async function evaluateBundled(network: Network, set: FeatureSet): Promise<Metrics | undefined> {
  const { head, metadata } = await openHead(packageFile(BUNDLED_HEAD));
  return metadata.featuresOf === network.backbone.featuresOf ? evaluateHead(network, head, { set }) : undefined;
}

function withoutRoc({ roc: _, ...rest }: Metrics) {
  return rest;
}
