import type { Command } from 'commander';
import { baseName, writeFileAtomic } from '#platform';
import { featureBatchSize } from '../../inference/features.ts';
import type { Network } from '../../inference/network.ts';
import { encodeNpy } from '../../weights/npy.ts';
import { type FeatureFlags, featuresWithProgress } from '../common/features.ts';
import { imagesUnder } from '../common/images.ts';
import { addNetworkOptions, addReuseOption } from '../common/options.ts';
import { Output } from '../common/output.ts';
import { runCommand, withNetwork } from '../common/session.ts';

type FeaturesFlags = FeatureFlags & { readonly out: string };

export function registerFeatures(program: Command): void {
  const command = program
    .command('features')
    .description('write the backbone’s pooled features, float32 [N, 2048]; they are computed once and cached')
    .argument('<path...>', 'images, and folders of images')
    .requiredOption('--out <file>', 'write this .npy file, and beside it a .json file with the image of each row');
  addReuseOption(addNetworkOptions(command)).action((inputs: string[], flags: FeaturesFlags) =>
    runCommand(flags, async () => {
      const paths = await imagesUnder(inputs, 'features', new Output(flags));
      await withNetwork(flags, (network, output) => writeFeatures(network, output, { paths, flags }), {
        prepare: device => [featureBatchSize(device), 3, 224, 224],
      });
    }),
  );
}

async function writeFeatures(
  network: Network,
  output: Output,
  { paths, flags }: { readonly paths: readonly string[]; readonly flags: FeaturesFlags },
): Promise<void> {
  const { rows, images, skipped, notes, computed } = await featuresWithProgress(network, output, {
    paths,
    label: 'features',
    flags,
  });
  const shape = [images.length, rows.length / images.length];
  const names = flags.out.replace(/(\.npy)?$/, '.json');
  const listing = {
    backbone: network.backbone.id,
    weightsHash: network.backbone.weightsHash,
    rows: images.map(image => paths[image]),
  };
  await writeFileAtomic(flags.out, encodeNpy({ shape, values: rows }));
  await writeFileAtomic(names, `${JSON.stringify(listing, null, 1)}\n`);
  const record = { out: flags.out, names, shape, computed, notes, skipped: skipped.map(({ path }) => path) };
  output.result(
    record,
    `${flags.out}: [${shape.join(', ')}], ${computed} computed, the others cached; names in ${baseName(names)}`,
  );
  if (skipped.length > 0) process.exitCode = 1;
}
