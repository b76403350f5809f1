/**
 * Raycam for pages and for Node: the engine, the networks, and the operations built on them. Nothing here needs a file
 * system; `node.ts` adds what does.
 */
export { blobSource, bytesSource, decodeImage } from '#platform';
export { crossEntropyLoss, nllLoss } from './autograd/losses.ts';
export { Adam, SGD } from './autograd/optimizers.ts';
export { StepLR } from './autograd/schedulers.ts';
// Training.
export { type Gradients, parameter, Tape, Variable } from './autograd/tape.ts';
export { evaluationTransform, preprocess, squashTransform, type TransformSpec } from './data/transforms.ts';
export * from './errors/index.ts';
export { activationsOf } from './inference/activations.ts';
export { classifyImage, type RankedClass } from './inference/classify.ts';
export { type Evidence, evidenceOf } from './inference/evidence.ts';
export { differenceOf, type EvidenceMap } from './inference/evidence_map.ts';
export { type ExplainOptions, type Explanation, explainImage } from './inference/explain.ts';
// Predictions and explanations of images.
export { buildNetwork, type Network } from './inference/network.ts';
export { predictImage, type Verdict } from './inference/predict.ts';
export { recovering } from './inference/recovery.ts';
export * as kernels from './kernels/index.ts';
export { classActivationMaps } from './nn/class_activation_map.ts';
export { Head, type HeadValues, initialHead } from './nn/head.ts';
export { checkHeadFits, encodeHead, type HeadFile, type HeadMetadata, readHead } from './nn/head_file.ts';
export { type Forward, type ForwardOptions, modulePaths, ResNet } from './nn/resnet.ts';
export type { ByteSource, DecodedImage } from './platform/types.ts';
export type { AdapterChoice, AdapterReport } from './runtime/adapter.ts';
export type { CapturedGraph, GraphInputs } from './runtime/captured_graph.ts';
// The engine.
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
export { evaluate } from './train/evaluate.ts';
export type { FeatureSet } from './train/feature_set.ts';
export { FIT_DEFAULTS, type FitOptions, type FitResult, fit } from './train/fit.ts';
export type { Metrics } from './train/metrics.ts';
// Weights and networks.
export * from './weights/index.ts';
