import { InvalidArgumentError, Option } from 'commander';
import { packageFile } from '#platform';
import { InputError, UsageError } from '../../errors/index.ts';
import { knowsImagenet } from '../../inference/classify.ts';
import type { Network } from '../../inference/network.ts';
import { ownClassifier } from '../../inference/own_classifier.ts';
import { Head, type HeadValues } from '../../nn/head.ts';
import { checkHeadFits, type HeadFile, normalizationOf, openHead } from '../../nn/head_file.ts';
import type { Backbone } from '../../weights/backbone.ts';
import { RESNET_LAYOUTS } from '../../weights/resnet_shapes.ts';
import type { NetworkFlags } from './options.ts';
import type { Output } from './output.ts';
import { type NetworkUse, withNetwork } from './session.ts';

/** A head on the device, its values, and the name of the file that it comes from. */
export interface OpenHead {
  readonly head: Head;
  readonly values: HeadValues;
  readonly name: string;
  /** Whether it is the network's own classifier. */
  readonly isOwn: boolean;
}

/** How `--help` describes the default network of commands that use a head. */
export const HEADS_NETWORK = 'the network that the head was trained on';

/** The bundled head, which `raycam train` made from the 5,216 X-rays of the training set. */
export const BUNDLED_HEAD = 'heads/chest_xray.resnet50.caffe_in1k.safetensors';

export type HeadFlags = NetworkFlags & { readonly head?: string };

const BUNDLED = 'the bundled X-ray classifier';

/** The option that names a head. `byDefault` describes what is used without it. */
export function headOption(
  byDefault: string = `with --weights, the network’s own classifier; otherwise ${BUNDLED}`,
): Option {
  return new Option(
    '--head <file>',
    `the classifier to use: a file that \`raycam train\` wrote (default: ${byDefault})`,
  );
}

/** The option of the page, which always uses a head. */
export function pageHeadOption(): Option {
  return headOption(BUNDLED);
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
 * Opens a network and a head that fits it: the named one; otherwise the bundled one, unless the weights are of one's own
 * and it was not trained on them: then the network's own classifier.
 *
 * @throws InputError  the network has no classifier, or one for ImageNet
 */
export async function withVerdict(flags: HeadFlags, use: Use, options: NetworkUse = {}): Promise<void> {
  if (flags.head !== undefined && flags.classes !== undefined)
    throw new UsageError('use either --head or --classes, not both: a head has the names of its classes');
  if (flags.head !== undefined || flags.weights === undefined) return withHead(flags, use, options);
  await withNetwork(
    flags,
    async (network, output) => {
      const values = flags.classes === undefined ? await bundledHeadFor(network.backbone) : undefined;
      if (values !== undefined) return withValues(network, { values, name: BUNDLED_HEAD, isOwn: false }, output, use);
      await withOwnClassifier(network, flags.weights!, output, use);
    },
    options,
  );
}

type Use = (network: Network, open: OpenHead, output: Output) => Promise<void>;

async function withOwnClassifier(network: Network, name: string, output: Output, use: Use): Promise<void> {
  const { backbone } = network;
  const values = await ownClassifier(backbone);
  if (knowsImagenet(backbone))
    throw new InputError(
      `weights: ${name}: has the 1000 classes of ImageNet, which do not describe X-rays. Pass a head with --head, name its classes with --classes, or use \`raycam classify\``,
    );
  output.note(
    `verdicts come from the network’s own classifier (${values.classes.length} classes); probabilities are a softmax over all classes and sum to 1`,
  );
  await withValues(network, { values, name, isOwn: true }, output, use);
}

/** Puts a head on the network's device while `use` runs. */
async function withValues(network: Network, open: Omit<OpenHead, 'head'>, output: Output, use: Use): Promise<void> {
  const head = new Head(network.device, open.values);
  try {
    await use(network, { head, ...open }, output);
  } finally {
    head.dispose();
  }
}

/** Returns the bundled head if it was trained on this backbone's features. */
async function bundledHeadFor(backbone: Backbone): Promise<HeadValues | undefined> {
  const file = await openHead(packageFile(BUNDLED_HEAD));
  try {
    checkHeadFits(file, { ...backbone, featureCount: RESNET_LAYOUTS[backbone.architecture].features });
    return file.head;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** Opens a network and a head that fits it: the named one, otherwise the bundled one. */
async function withHead(flags: HeadFlags, use: Use, options: NetworkUse): Promise<void> {
  const file = await openHead(flags.head ?? packageFile(BUNDLED_HEAD));
  await withNetwork(
    withHeadsBackbone(flags, file),
    async (network, output) => {
      const { features } = RESNET_LAYOUTS[network.backbone.architecture];
      checkHeadFits(file, { ...network.backbone, featureCount: features });
      await withValues(network, { values: file.head, name: file.name, isOwn: false }, output, use);
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
    const isChosen = flags.preprocess !== undefined || flags.mean !== undefined || normalization === undefined;
    return {
      ...flags,
      strideOn: flags.strideOn ?? (strideOn === '1x1' || strideOn === '3x3' ? strideOn : undefined),
      eps,
      ...(!isChosen && { preprocessing: normalization }),
    };
  }
  if (flags.backbone !== undefined || metadata.backbone.startsWith('file:')) return flags;
  return { ...flags, backbone: metadata.backbone };
}
