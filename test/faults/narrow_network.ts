import type { HeadValues } from '../../src/nn/head.ts';
import type { Backbone } from '../../src/weights/backbone.ts';
import { expectedTensors } from '../../src/weights/resnet_shapes.ts';
import { fill, syntheticBackbone } from '../../src/weights/synthetic_network.ts';
import { tensorOf } from '../../src/weights/tensor_entry.ts';

/** The ratio of ResNet-18's channels to this network's. */
const NARROWER = 16;
export const NARROW_FEATURES = 512 / NARROWER;

/**
 * Returns ResNet-18's graph with 4 to 32 channels and 10 classes: every kind of layer, in a few milliseconds. Its
 * weights are synthetic.
 */
export function narrowBackbone(): Backbone {
  const narrow = (count: number) => (count >= 64 ? count / NARROWER : count);
  const stateDict = new Map(
    [...expectedTensors('resnet18', 10)].map(([name, shape]) => {
      const own = shape.map(narrow);
      return [name, tensorOf(name, own, valuesOf(name, own))] as const;
    }),
  );
  return { ...syntheticBackbone('resnet18'), id: 'narrow', stateDict };
}

export function narrowHead(): HeadValues {
  const classes = ['NORMAL', 'PNEUMONIA'];
  const weight = fill('head', classes.length * NARROW_FEATURES, u => u - 0.5);
  return { classes, featureCount: NARROW_FEATURES, weight, bias: Float32Array.of(0.1, -0.1) };
}

function valuesOf(name: string, shape: readonly number[]): Float32Array {
  const count = shape.reduce((product, size) => product * size, 1);
  if (shape.length > 1) return fill(name, count, u => (2 * u - 1) * Math.sqrt((6 * shape[0]!) / count));
  if (name.endsWith('running_var')) return fill(name, count, u => 0.5 + u);
  if (name.endsWith('.weight')) return fill(name, count, u => (name.includes('bn2') ? 0.3 : 1) * (0.8 + 0.4 * u));
  return fill(name, count, u => 0.4 * (u - 0.5));
}
