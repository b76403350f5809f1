/** Reads and writes weights files, lists the zoo, and resolves a name to a network's tensors. */
export { type Backbone, backboneOfEntry, backboneOfFile, type FileOptions } from './backbone.ts';
export { checkStateDict, detectArchitecture } from './check_state_dict.ts';
export type { DType } from './dtypes.ts';
export { kerasScheme, kerasToTorchvision } from './keras_names.ts';
export { deepen } from './net2net.ts';
export { decodeNpy, encodeNpy, type NpyArray } from './npy.ts';
export { openWeights, openWeightsSource } from './open_weights.ts';
export { PREPROCESSINGS, type Preprocessing, type PreprocessingName } from './preprocessing.ts';
export {
  expectedTensors,
  isResNetArchitecture,
  RESNET_ARCHITECTURES,
  RESNET_LAYOUTS,
  type ResNetArchitecture,
  type StrideOn,
} from './resnet_shapes.ts';
export { openSafetensors } from './safetensors.ts';
export { type NamedValues, saveSafetensors, writeSafetensors } from './safetensors_writer.ts';
export { toStateDict } from './state_dict.ts';
export { type StateDict, type TensorEntry, tensorOf, type WeightsFile, type WeightsFormat } from './tensor_entry.ts';
export { DEFAULT_BACKBONE, ZOO, type ZooEntry, zooEntry } from './zoo.ts';
