import type { Command } from 'commander';
import { baseName, writeFileAtomic } from '#platform';
import { featureBatchSize } from '../../inference/features.ts';
import type { Network } from '../../inference/network.ts';
import { encodeNpy } from '../../weights/npy.ts';
import { type FeatureFlags, featuresWithProgress } from '../features.ts';
import { imagesUnder } from '../images.ts';
import { addNetworkOptions, addReuseOption } from '../options.ts';
import type { Output } from '../output.ts';
import { runCommand, withNetwork } from '../session.ts';

export function registerFeatures(program: Command): void {
  addReuseOption(addNetworkOptions(program.command('features').argument('<path...>', 'images, and folders of them')))
    .description('the backbone’s pooled features, float32 [N, 2048]; computed once, then kept')
    .requiredOption('--out <file>', 'the .npy file to write; the images’ names, row by row, go to a .json beside it')
    .action((inputs: string[], flags: FeatureFlags & { out: string }) =>
      runCommand(flags, async () => {
        const paths = await imagesUnder(inputs, 'features');
        const use = async (network: Network, output: Output) => {
          const { rows, images, skipped, computed } = await featuresWithProgress(network, output, {
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
          const record = { out: flags.out, names, shape, computed, skipped: skipped.map(({ path }) => path) };
          output.result(
            record,
            `${flags.out}: [${shape.join(', ')}], ${computed} computed, the rest from the store; names in ${baseName(names)}`,
          );
          if (skipped.length > 0) process.exitCode = 1;
        };
        await withNetwork(flags, use, { prepare: device => [featureBatchSize(device), 3, 224, 224] });
      }),
    );
}
