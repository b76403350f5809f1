import { InvalidArgumentError, Option } from 'commander';
import { packageFile } from '#platform';
import { UsageError } from '../../errors/index.ts';
import { knowsImagenet } from '../../inference/classify.ts';
import type { Network } from '../../inference/network.ts';
import { ownClassifier } from '../../inference/own_classifier.ts';
import { Head } from '../../nn/head.ts';
import { checkHeadFits, type HeadFile, normalizationOf, openHead } from '../../nn/head_file.ts';
import { PREPROCESSINGS } from '../../weights/preprocessing.ts';
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

/** The option that names the classes of a network's own classifier. */
export function classesOption(): Option {
  return new Option(
    '--classes <names>',
    'with --weights and without --head: the names of the network’s own classes, in the order of its outputs, separated by commas',
  ).argParser(parseClasses);
}

function parseClasses(text: string): string[] {
  const names = text.split(',').map(name => name.trim());
  if (names.some(name => name === '') || new Set(names).size < names.length)
    throw new InvalidArgumentError('Expected different names, separated by commas, such as NORMAL,PNEUMONIA.');
  return names;
}

/**
 * Opens a network and a head that fits it: the named one; with weights of one's own, the network's own classifier,
 * unless its classes are ImageNet's; otherwise the bundled one.
 */
export async function withVerdict(
  flags: HeadFlags,
  use: (network: Network, head: Head, output: Output) => Promise<void>,
  options: NetworkUse = {},
): Promise<void> {
  if (flags.head !== undefined && flags.classes !== undefined)
    throw new UsageError('use either --head or --classes, not both: a head has the names of its classes');
  if (flags.classes !== undefined && flags.weights === undefined)
    throw new UsageError('--classes needs --weights: other networks have their own classes');
  if (flags.head !== undefined || flags.weights === undefined) return withHead(flags, use, options);
  let isPretrained = false;
  await withNetwork(
    flags,
    async (network, output) => {
      isPretrained = knowsImagenet(network.backbone);
      if (isPretrained) return;
      const head = new Head(network.device, await ownClassifier(network.backbone));
      output.note(
        `verdicts come from the network’s own classifier (${head.classes.length} classes); probabilities are a softmax over all classes and sum to 1`,
      );
      try {
        await use(network, head, output);
      } finally {
        head.dispose();
      }
    },
    options,
  );
  if (isPretrained) await withHead(flags, use, options);
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

/**
 * Takes the backbone that the head was trained on, unless the caller names one. A weights file gets the head's
 * preprocessing, stride and eps, unless the caller chooses others, which `checkHeadFits` then rejects.
 */
function withHeadsBackbone(flags: HeadFlags, { metadata }: HeadFile): HeadFlags {
  if (flags.weights !== undefined) {
    const normalization = normalizationOf(metadata.preprocessing);
    const { strideOn = flags.strideOn, eps } = metadata;
    const isChosen = flags.preprocess !== undefined || normalization === undefined;
    return {
      ...flags,
      strideOn: flags.strideOn ?? (strideOn === '1x1' || strideOn === '3x3' ? strideOn : undefined),
      eps,
      ...(!isChosen && { preprocessing: { ...PREPROCESSINGS.torchvision, ...normalization } }),
    };
  }
  if (flags.backbone !== undefined || metadata.backbone.startsWith('file:')) return flags;
  return { ...flags, backbone: metadata.backbone };
}
