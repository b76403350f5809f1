import type { Command } from 'commander';
import { baseName, fileStatus, writeFileAtomic } from '#platform';
import { listImages } from '../../data/list_images.ts';
import { InputError } from '../../errors.ts';
import { encodeNpy } from '../../weights/npy.ts';
import { featuresWithProgress } from '../features.ts';
import { addNetworkOptions, type NetworkFlags } from '../options.ts';
import { runCommand, withNetwork } from '../session.ts';

export function registerFeatures(program: Command): void {
  addNetworkOptions(program.command('features').argument('<path...>', 'images, and folders of them'))
    .description('the backbone’s pooled features, float32 [N, 2048]; computed once, then kept')
    .requiredOption('--out <file>', 'the .npy file to write; the images’ names, row by row, go to a .json beside it')
    .action((inputs: string[], flags: NetworkFlags & { out: string }) =>
      runCommand(flags, async () => {
        const paths = (await Promise.all(inputs.map(imagesUnder))).flat();
        if (paths.length === 0) throw new InputError(`features: no images under ${inputs.join(', ')}`);
        await withNetwork(flags, async (network, output) => {
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
        });
      }),
    );
}

async function imagesUnder(path: string): Promise<string[]> {
  return (await fileStatus(path)).isDirectory ? listImages(path) : [path];
}
