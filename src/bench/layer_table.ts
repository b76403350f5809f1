import type { ModuleWork } from '../nn/resnet_work.ts';
import type { Dispatched } from '../observe/observer.ts';
import type { ForwardTimes, LayerTable, LayerTime } from './model_result.ts';
import { summarize } from './statistics.ts';

/** Every dispatch of one forward, with its time. */
export type SplitForward = readonly { readonly dispatched: Dispatched; readonly ms: number }[];

/** Sums a forward's dispatches by module, and takes the median over the samples. */
export function layerTable(
  samples: readonly SplitForward[],
  modules: readonly ModuleWork[],
  forward: ForwardTimes,
): LayerTable {
  const flops = new Map(modules.map(({ path, flop }) => [path, flop]));
  const units = new Map<string, { kernels: Set<string>; sums: number[] }>();
  samples.forEach((sample, i) => {
    for (const { dispatched, ms } of sample) {
      const unit = units.get(dispatched.label) ?? { kernels: new Set(), sums: samples.map(() => 0) };
      unit.kernels.add(dispatched.kernel);
      unit.sums[i]! += ms;
      units.set(dispatched.label, unit);
    }
  });
  const layers = [...units].map(([path, { kernels, sums }]): LayerTime => {
    const { median: ms, mad } = summarize(sums);
    const flop = flops.get(path);
    return { path, kernels: [...kernels], ms, mad, flop, gflops: flop && flop / ms / 1e6 };
  });
  const sumMs = layers.reduce((sum, { ms }) => sum + ms, 0);
  const forwardMs = forward.forward.median;
  return { layers, sumMs, forwardMs, remainderMs: forwardMs - sumMs };
}
