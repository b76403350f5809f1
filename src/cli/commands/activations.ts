import type { Command } from 'commander';
import { decodeImage } from '#platform';
import { activationsOf } from '../../inference/activations.ts';
import { encodeNpy } from '../../weights/npy.ts';
import { inputName, readInput } from '../common/inputs.ts';
import { addNetworkOptions, type NetworkFlags } from '../common/options.ts';
import { Output } from '../common/output.ts';
import { addForceOption, type OutputFlags, Outputs } from '../common/outputs.ts';
import { runCommand, withNetwork } from '../common/session.ts';

type ActivationsFlags = NetworkFlags & OutputFlags & { readonly layer: string; readonly out: string };

export function registerActivations(program: Command): void {
  const command = program
    .command('activations')
    .description('write what a layer computes for an image, as float32 [C, H, W]')
    .argument('<image>', 'one image; - for standard input')
    .requiredOption('--layer <path>', 'conv1, bn1, relu, maxpool, layer1.0.conv1, …, layer4, avgpool, fc')
    .requiredOption('--out <file>', 'write this .npy file');
  addForceOption(addNetworkOptions(command)).action((path: string, flags: ActivationsFlags) =>
    runCommand(flags, () => activations(path, flags)),
  );
}

async function activations(path: string, flags: ActivationsFlags): Promise<void> {
  const { layer, out } = flags;
  const outputs = new Outputs({ ...flags, command: 'raycam activations', inputs: [path, flags.weights] });
  await outputs.expectNamed(out);
  const image = await decodeImage(await readInput(path, new Output(flags)), inputName(path));
  await withNetwork(flags, async (network, output) => {
    const { shape, values } = await activationsOf(network, image, layer);
    await outputs.write(out, encodeNpy({ shape, values }));
    output.result({ image: path, layer, shape, out }, `${out}: ${layer} [${shape.join(', ')}]`);
  });
}
