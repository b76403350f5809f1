/** The bench, for Node and browsers. */
export { BenchError } from '../errors/index.ts';
export { type CompareOptions, type ComparisonResult, compareKernels, overall } from './compare.ts';
export { compareCsv, compareMarkdown, compareText } from './compare_text.ts';
export { registerConv2dVariant } from './convolution_subject.ts';
export type { Environment, HostFacts } from './environment.ts';
export { benchFeatures, type FeatureBenchOptions, type FeatureResult } from './feature_bench.ts';
export { featureCsv, featureMarkdown, featureText } from './feature_text.ts';
export { type KernelResult, type KernelRow, parseKernelResult, type Refusal } from './kernel_result.ts';
export { kernelCsv, kernelMarkdown, kernelText } from './kernel_text.ts';
export { benchModel, type ModelBenchOptions } from './model_bench.ts';
export type { ModelResult } from './model_result.ts';
export { syntheticInMemory } from './model_session.ts';
export { modelCsv, modelMarkdown, modelText } from './model_text.ts';
export { comparePaired } from './paired.ts';
export { rooflineChart } from './roofline.ts';
export { benchKernels, type KernelBenchOptions } from './suite.ts';
export { type TuneOptions, type TuneResult, tune } from './tune.ts';
export { kernelTurns, modelTurns, type Turn, type Turns } from './turns.ts';
