/**
 * Raycam for pages and for Node: the engine, the networks, and the operations built on them. Nothing here needs a file
 * system; `node.ts` adds the functions that do.
 */

// The engine: devices, tensors and kernels.

export * from './errors/index.ts';
export * as kernels from './kernels/index.ts';
export type { AdapterChoice, AdapterReport } from './runtime/adapter.ts';
export type { CapturedGraph, GraphInputs } from './runtime/captured_graph.ts';
export { Device, type DeviceOptions, type RunOptions } from './runtime/device.ts';
export {
  type DispatchPlan,
  defineKernel,
  elementGrid,
  type Kernel,
  type KernelSpec,
  linearGrid,
} from './runtime/kernel.ts';
export type { MemoryUse } from './runtime/memory.ts';
export type { Shape } from './runtime/shape.ts';
export { Tensor } from './runtime/tensor.ts';

// Autograd and training.

export { crossEntropyLoss, nllLoss } from './autograd/losses.ts';
export { Adam, SGD } from './autograd/optimizers.ts';
export { StepLR } from './autograd/schedulers.ts';
export { type Gradients, parameter, Tape, Variable } from './autograd/tape.ts';
export { evaluate } from './train/evaluate.ts';
export type { FeatureSet } from './train/feature_set.ts';
export { FIT_DEFAULTS, type FitOptions, type FitResult, fit } from './train/fit.ts';
export type { Metrics } from './train/metrics.ts';

// Images, and a network's answers: verdicts, explanations, activations.

export { decodeImage } from '#platform';
export { evaluationTransform, preprocess, squashTransform, type TransformSpec } from './data/transforms.ts';
export { activationsOf } from './inference/activations.ts';
export { classifyImage, type RankedClass } from './inference/classify.ts';
export { type Evidence, evidenceOf } from './inference/evidence.ts';
export { differenceOf, type EvidenceMap } from './inference/evidence_map.ts';
export { type ExplainOptions, type Explanation, explainImage } from './inference/explain.ts';
export { buildNetwork, type Network } from './inference/network.ts';
export { predictImage, type Verdict } from './inference/predict.ts';
export { recovering } from './inference/recovery.ts';
export { classActivationMaps } from './nn/class_activation_map.ts';
export type { DecodedImage } from './platform/types.ts';

// Weights: files, backbones and heads.

export { blobSource, bytesSource } from '#platform';
export { Head, type HeadValues, initialHead } from './nn/head.ts';
export { checkHeadFits, encodeHead, type HeadFile, type HeadMetadata, readHead } from './nn/head_file.ts';
export { type Forward, type ForwardOptions, modulePaths, ResNet } from './nn/resnet.ts';
export type { ByteSource } from './platform/types.ts';
export * from './weights/index.ts';
