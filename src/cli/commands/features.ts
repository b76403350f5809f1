import type { Command } from 'commander';
import { baseName, readTextFile } from '#platform';
import { featureBatchSize } from '../../inference/features.ts';
import type { Network } from '../../inference/network.ts';
import { encodeNpy } from '../../weights/npy.ts';
import { type FeatureFlags, featuresWithProgress } from '../common/features.ts';
import { addInputs, type InputFlags, namedImages } from '../common/inputs.ts';
import { addNetworkOptions, addReuseOption } from '../common/options.ts';
import { Output } from '../common/output.ts';
import { addForceOption, type DerivedFile, type OutputFlags, Outputs } from '../common/outputs.ts';
import { runCommand, withNetwork } from '../common/session.ts';

type FeaturesFlags = FeatureFlags & InputFlags & OutputFlags & { readonly out: string };

const COMMAND = 'raycam features';
/** The names of two million images. */
const MOST_LISTING_BYTES = 256e6;

export function registerFeatures(program: Command): void {
  const command = program
    .command('features')
    .description('write the backbone’s pooled features, float32 [N, 2048]; they are computed once and cached');
  addInputs(command, 'image files', { recursive: true }).requiredOption(
    '--out <file>',
    'write this .npy file, and beside it a .json file with the image of each row',
  );
  addReuseOption(addForceOption(addNetworkOptions(command))).action((inputs: string[], flags: FeaturesFlags) =>
    runCommand(flags, async () => {
      const paths = await namedImages(inputs, flags, { command: 'features', output: new Output(flags) });
      const outputs = new Outputs({ ...flags, command: COMMAND, inputs: [...paths, flags.weights, flags.filesFrom] });
      await outputs.expectNamed(flags.out);
      await outputs.expectDerived([listingBeside(flags.out)]);
      await withNetwork(flags, (network, output) => writeFeatures(network, output, { paths, outputs, flags }), {
        prepare: device => [featureBatchSize(device), 3, 224, 224],
      });
    }),
  );
}

async function writeFeatures(
  network: Network,
  output: Output,
  {
    paths,
    outputs,
    flags,
  }: { readonly paths: readonly string[]; readonly outputs: Outputs; readonly flags: FeaturesFlags },
): Promise<void> {
  const { rows, images, skipped, notes, computed } = await featuresWithProgress(network, output, {
    paths,
    label: 'features',
    flags,
  });
  const shape = [images.length, rows.length / images.length];
  const listed = listingBeside(flags.out);
  const listing = {
    generator: COMMAND,
    backbone: network.backbone.id,
    weightsHash: network.backbone.weightsHash,
    rows: images.map(image => paths[image]),
  };
  await outputs.write(flags.out, encodeNpy({ shape, values: rows }));
  await outputs.writeDerived(listed, `${JSON.stringify(listing, null, 1)}\n`);
  const names = listed.path;
  const record = { out: flags.out, names, shape, computed, notes, skipped: skipped.map(({ path }) => path) };
  output.result(
    record,
    `${flags.out}: [${shape.join(', ')}], ${computed} computed, the others cached; names in ${baseName(names)}`,
  );
  if (skipped.length > 0) process.exitCode = 1;
}

/** The file with the images' names, beside the file of features. */
function listingBeside(out: string): DerivedFile {
  return {
    path: out.replace(/(\.npy)?$/, '.json'),
    isOwn: async path => {
      const { generator, ...listing } = JSON.parse(await readTextFile(path, MOST_LISTING_BYTES));
      // Version 0.1.0 did not write its name, but these members.
      return generator === COMMAND || `${Object.keys(listing)}` === 'backbone,weightsHash,rows';
    },
  };
}
