import type { Command } from 'commander';
import { decodeImage, writeFileAtomic } from '#platform';
import { readImageFile } from '../../data/loader.ts';
import { activationsOf } from '../../inference/activations.ts';
import { encodeNpy } from '../../weights/npy.ts';
import { addNetworkOptions, type NetworkFlags } from '../options.ts';
import { runCommand, withNetwork } from '../session.ts';

export function registerActivations(program: Command): void {
  addNetworkOptions(program.command('activations').argument('<image>', 'one image'))
    .description('what a layer computes for an image, as float32 [C, H, W] in a .npy file')
    .requiredOption('--layer <path>', 'conv1, bn1, relu, maxpool, layer1.0.conv1, …, layer4, avgpool, fc')
    .requiredOption('--out <file>', 'the .npy file to write')
    .action((path: string, flags: NetworkFlags & { layer: string; out: string }) =>
      runCommand(flags, async () => {
        const image = await decodeImage(await readImageFile(path), path);
        await withNetwork(flags, async (network, output) => {
          const { shape, values } = await activationsOf(network, image, flags.layer);
          await writeFileAtomic(flags.out, encodeNpy({ shape, values }));
          output.result(
            { image: path, layer: flags.layer, shape, out: flags.out },
            `${flags.out}: ${flags.layer} [${shape.join(', ')}]`,
          );
        });
      }),
    );
}
