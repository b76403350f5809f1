/** Says what a network is that is not one of torchvision's plain ResNets. */
import type { StateDict } from './tensor_entry.ts';

/** A kind of network, and how its tensors show it. The first that applies names the network. */
const KINDS: readonly { readonly is: string; readonly shows: (tensors: StateDict) => boolean }[] = [
  {
    is: 'a ResNet-D such as resnet152d (its stem is conv1.0, conv1.3, conv1.6), not a plain ResNet with a single 7x7 conv1',
    shows: named(/^(.*\.)?conv1\.0\.weight$/),
  },
  {
    is: 'a ResNet-D (its shortcuts average before a convolution, downsample.1), not a plain ResNet',
    shows: tensors => tensors.get('layer2.0.downsample.1.weight')?.shape.length === 4,
  },
  { is: 'a ResNet-V1d of mmcls (its stem has several convolutions)', shows: named(/(^|\.)stem\.0\.weight$/) },
  {
    is: 'a pre-activation ResNet-V2 (its stem is stem.conv)',
    shows: named(/(^|\.)stem\.conv\.weight$/),
  },
  {
    is: 'a ResNet with weight normalisation or spectral normalisation, which is not supported. Remove it in Python first: torch.nn.utils.remove_weight_norm, or parametrize.remove_parametrizations',
    shows: named(/\.(weight_g|weight_v|weight_orig|parametrizations\.weight\.\w+)$/),
  },
  { is: 'a quantised network', shows: named(/(_packed_params|\.zero_point$)/) },
  { is: 'an SE-ResNet (with squeeze-and-excitation)', shows: named(/\.(se|se_module|se_layer)\./) },
  { is: 'a ResNet with CBAM or another attention', shows: named(/(^|\.)(cbam|ca\d?|sa\d?|attn)\./) },
  { is: 'a ResNet-IBN (with instance normalisation)', shows: named(/\.(IN|BN)\.weight$/) },
  {
    is: 'a ResNet whose convolutions have biases',
    shows: named(/^layer1\.0\.conv1\.bias$/),
  },
  {
    is: 'a ResNet with GroupNorm, or with batch norms without running statistics',
    shows: tensors => tensors.has('bn1.weight') && !tensors.has('bn1.running_mean'),
  },
  {
    is: 'a ResNet whose batch norms have no weight and bias (affine=False)',
    shows: tensors => tensors.has('bn1.running_mean') && !tensors.has('bn1.weight'),
  },
  {
    is: 'a ResNeXt (its 3x3 convolutions are grouped)',
    shows: tensors => isBottleneck(tensors) && width(tensors, 0) !== width(tensors, 1),
  },
  {
    is: 'a Wide ResNet (its 3x3 convolutions are wider than 64 channels in layer1)',
    shows: tensors => isBottleneck(tensors) && width(tensors, 0) > 64,
  },
  {
    is: 'a ResNet for grey images (its conv1 has 1 channel, expected 3)',
    shows: tensors => tensors.get('conv1.weight')?.shape[1] === 1,
  },
  {
    is: 'a ResNet for small images such as CIFAR’s (its conv1 has a 3x3 window, expected 7x7)',
    shows: tensors => tensors.get('conv1.weight')?.shape[2] === 3,
  },
  { is: 'a DenseNet', shows: named(/(^|\.)(features\.)?denseblock1\./) },
  { is: 'an EfficientNet or a MobileNet', shows: named(/(^|\.)(conv_stem|_conv_stem|features\.0\.0)\.weight$/) },
  { is: 'a vision transformer', shows: named(/(^|\.)(cls_token|class_token|patch_embed\.|conv_proj\.)/) },
  { is: 'a VGG or an AlexNet', shows: named(/(^|\.)features\.0\.weight$/) },
  { is: 'an Inception network', shows: named(/(^|\.)(Mixed_5b|Conv2d_1a_3x3)\./) },
];

function named(pattern: RegExp): (tensors: StateDict) => boolean {
  return tensors => [...tensors.keys()].some(name => pattern.test(name));
}

function isBottleneck(tensors: StateDict): boolean {
  return tensors.has('layer1.0.conv3.weight') && width(tensors, 0) > 0;
}

function width(tensors: StateDict, dimension: number): number {
  return tensors.get('layer1.0.conv2.weight')?.shape[dimension] ?? 0;
}

/** Returns what the network is, such as `a ResNeXt (…)`, or undefined if no rule recognises it. */
export function otherNetwork(tensors: StateDict): string | undefined {
  return KINDS.find(({ shows }) => shows(tensors))?.is;
}
