import type { Command } from 'commander';
import { joinPath, makeDirectory, openFile, packageFile, resolvePath } from '#platform';
import type { Network } from '../../inference/network.ts';
import { evaluateHead } from '../../inference/predict.ts';
import { encodeHead, openHead } from '../../nn/head_file.ts';
import { CHEST_XRAY_ATTRIBUTION, GENERATOR, renderHtmlReport } from '../../report/html_report.ts';
import type { FeatureSet } from '../../train/feature_set.ts';
import { FIT_DEFAULTS } from '../../train/fit.ts';
import type { Metrics } from '../../train/metrics.ts';
import type { TrainingSettings } from '../../train/trained_head.ts';
import type { FeatureFlags } from '../common/features.ts';
import { BUNDLED_HEAD } from '../common/head.ts';
import { metricLines, withoutRoc } from '../common/metrics.ts';
import { addNetworkOptions, addReuseOption } from '../common/options.ts';
import type { Output } from '../common/output.ts';
import { addForceOption, type DerivedFile, type OutputFlags, Outputs } from '../common/outputs.ts';
import { describeAdapter, describeBackbone, runCommand } from '../common/session.ts';
import { COMMAND, caseFiles, type DrawnCase, drawCases, sampleFor } from './demo_cases.ts';
import { type DemoNetwork, withDemoNetwork } from './demo_network.ts';
import { demoReport } from './demo_report.ts';
import { trainWithOutput } from './train.ts';

/** The batch size is small, so that a few dozen images make several steps per epoch. */
const SETTINGS: TrainingSettings = { ...FIT_DEFAULTS, batchSize: 8, augment: 0, select: 'last' };

type DemoFlags = FeatureFlags & OutputFlags & { readonly out: string; readonly full?: boolean };

export function registerDemo(program: Command): void {
  const command = program
    .command('demo')
    .description('run the whole pipeline on bundled X-rays: features, training, evaluation, heat maps, a report')
    .option('--out <dir>', 'write the report here', 'runs/demo')
    .option('--full', 'use all 100 X-rays on any adapter (SwiftShader takes 48 by default)');
  addNetworkOptions(command, 'the best that can be downloaded and suits the adapter');
  addReuseOption(addForceOption(command)).action((flags: DemoFlags) =>
    runCommand(flags, async () => {
      const outputs = new Outputs({ ...flags, command: COMMAND });
      await outputs.expectUnlabelled(flags.out);
      await outputs.expectDerived([headFileIn(flags.out), reportIn(flags.out), ...(await caseFiles(flags.out))]);
      await withDemoNetwork(flags, (chosen, output) => demo(chosen, output, { outputs, flags }));
    }),
  );
}

async function demo(
  chosen: DemoNetwork,
  output: Output,
  { outputs, flags }: { readonly outputs: Outputs; readonly flags: DemoFlags },
): Promise<void> {
  const { network } = chosen;
  const startedMs = performance.now();
  const sample = await sampleFor(network, flags);
  const { train, test, why } = sample;
  output.note(`${train.images.length} X-rays to train on, ${test.images.length} to test with: ${why}`);
  const trained = await trainWithOutput(network, output, {
    folders: { train, val: test, valName: 'test' },
    settings: SETTINGS,
    flags,
  });
  if (trained === undefined) return;
  const { head, metadata, metrics, sets } = trained;
  output.result({ metrics: withoutRoc(metrics) }, ['', ...metricLines(metrics), '']);

  await makeDirectory(flags.out);
  const [headFile, reportFile] = [headFileIn(flags.out), reportIn(flags.out)];
  const training = { ...metadata.training, command: COMMAND };
  await outputs.writeDerived(headFile, encodeHead(head, { ...metadata, training }));
  const mapsStartedMs = performance.now();
  const cases = await drawCases(network, output, { folder: test, head, out: flags.out, outputs });
  const report = demoReport({
    cases,
    trained,
    bundled: await evaluateBundled(network, sets.val),
    facts: { ...factsOf(chosen), sample },
    times: {
      features: trained.featuresMs,
      computed: sets.train.computed + sets.val.computed,
      maps: performance.now() - mapsStartedMs,
    },
    attribution: [CHEST_XRAY_ATTRIBUTION, `Weights: ${network.backbone.id}, ${network.backbone.licence}.`],
  });
  await outputs.writeDerived(reportFile, renderHtmlReport(report));
  output.note(`done in ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
  printPaths(output, { cases, headFile: headFile.path, reportFile: reportFile.path, out: flags.out });
}

/** Its training record names the command, because `raycam train` may have written a head to the same place. */
function headFileIn(folder: string): DerivedFile {
  return {
    path: joinPath(folder, 'head.safetensors'),
    isOwn: async path => (await openHead(path)).metadata.training.command === COMMAND,
  };
}

function reportIn(folder: string): DerivedFile {
  return {
    path: joinPath(folder, 'report.html'),
    isOwn: async path => {
      const file = await openFile(path);
      try {
        const start = await file.read(0, Math.min(file.sizeBytes, 1000));
        return new TextDecoder().decode(start).includes(GENERATOR);
      } finally {
        await file.close();
      }
    },
  };
}

function factsOf({ network, why }: DemoNetwork) {
  return {
    adapter: describeAdapter(network.device.adapter),
    backbone: describeBackbone(network.backbone),
    whyBackbone: why,
  };
}

/** Evaluates the bundled head on the same test images. Returns undefined if it does not fit the backbone. */
async function evaluateBundled(network: Network, set: FeatureSet): Promise<Metrics | undefined> {
  const { head, metadata } = await openHead(packageFile(BUNDLED_HEAD));
  return metadata.featuresOf === network.backbone.featuresOf ? evaluateHead(network, head, { set }) : undefined;
}

function printPaths(
  output: Output,
  files: {
    readonly cases: readonly DrawnCase[];
    readonly headFile: string;
    readonly reportFile: string;
    readonly out: string;
  },
): void {
  const report = resolvePath(files.reportFile);
  const heatMaps = files.cases.map(({ file }) => resolvePath(files.out, file));
  const head = resolvePath(files.headFile);
  output.result({ report, heatMaps, head }, [
    'heat maps',
    ...heatMaps.map(file => `  ${file}`),
    `head    ${head}`,
    `report  ${report}`,
  ]);
}
