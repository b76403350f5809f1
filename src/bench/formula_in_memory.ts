import { formulaBackbone } from '../inference/formula_network.ts';
import type { Backbone } from '../weights/backbone.ts';
import type { ResNetArchitecture } from '../weights/resnet_shapes.ts';

/** A network of formula weights, worked out beforehand: the bench times their way to the device alone. */
export async function formulaInMemory(architecture: ResNetArchitecture): Promise<Backbone> {
  const backbone = formulaBackbone(architecture);
  const entries = await Promise.all(
    [...backbone.stateDict].map(async ([name, entry]) => {
      const values = await entry.read();
      return [name, { ...entry, read: async () => values }] as const;
    }),
  );
  return { ...backbone, stateDict: new Map(entries) };
}
