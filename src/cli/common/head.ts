import { Option } from 'commander';
import { packageFile } from '#platform';
import type { Network } from '../../inference/network.ts';
import { Head } from '../../nn/head.ts';
import { checkHeadFits, type HeadFile, openHead } from '../../nn/head_file.ts';
import { RESNET_LAYOUTS } from '../../weights/resnet_shapes.ts';
import type { NetworkFlags } from './options.ts';
import type { Output } from './output.ts';
import { type NetworkUse, withNetwork } from './session.ts';

/** How `--help` describes the default network of commands that use a head. */
export const HEADS_NETWORK = 'the network that the head was trained on';

/** The bundled head, which `raycam train` made from the 5,216 X-rays of the training set. */
export const BUNDLED_HEAD = 'heads/chest_xray.resnet50.caffe_in1k.safetensors';

export type HeadFlags = NetworkFlags & { readonly head?: string };

export function headOption(): Option {
  return new Option(
    '--head <file>',
    'the classifier to use: a file that `raycam train` wrote (default: the bundled X-ray classifier)',
  );
}

/** Opens a network and a head that fits it: the named one, otherwise the bundled one. */
export async function withHead(
  flags: HeadFlags,
  use: (network: Network, head: Head, output: Output, file: HeadFile) => Promise<void>,
  options: NetworkUse = {},
): Promise<void> {
  const file = await openHead(flags.head ?? packageFile(BUNDLED_HEAD));
  await withNetwork(
    withHeadsBackbone(flags, file),
    async (network, output) => {
      const { features } = RESNET_LAYOUTS[network.backbone.architecture];
      checkHeadFits(file, { ...network.backbone, featureCount: features });
      const head = new Head(network.device, file.head);
      try {
        await use(network, head, output, file);
      } finally {
        head.dispose();
      }
    },
    options,
  );
}

/** Takes the backbone that the head was trained on, unless the caller names one. */
function withHeadsBackbone(flags: HeadFlags, { metadata }: HeadFile): HeadFlags {
  if (flags.backbone !== undefined || flags.weights !== undefined || metadata.backbone.startsWith('file:'))
    return flags;
  return { ...flags, backbone: metadata.backbone };
}
