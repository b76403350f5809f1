/** The output of every operation of the network for an X-ray. */
import {
  type ChannelStatistics,
  channelStatistics,
  type Histogram,
  histogramOf,
  type Summary,
  summaryOf,
} from '../../../inspection/channel_statistics.ts';
import { type ElementFormula, type ElementPlace, elementFormula } from '../../../inspection/element_formula.ts';
import { ledgerOf } from '../../../inspection/ledger.ts';
import { type Operation, operationsOf } from '../../../inspection/operations.ts';
import type { RecordedPass } from '../../../inspection/recorded_pass.ts';
import type { Engine } from '../engine.ts';
import { passOf } from '../kept_pass.ts';
import { type LayerTimes, measureLayerTimes } from '../layer_times.ts';
import type { Call } from '../serve_calls.ts';

export interface LayerOutput {
  /** Path of the operation. */
  readonly path: string;
  /** [C, H, W] */
  readonly shape: readonly [number, number, number];
  readonly values: Float32Array;
  readonly channels: ChannelStatistics;
  readonly summary: Summary;
  readonly histogram: Histogram;
  /**
   * What each channel adds to the logit of the verdict's class. Absent where the verdict is not linear in the channels.
   */
  readonly contributions?: { readonly class: string; readonly values: Float64Array };
}

export const inspectMethods = {
  /** Returns every operation of the open network. */
  async operations(_: object, { engine }: Call<Engine>): Promise<Operation[]> {
    return operationsOf(engine.network.backbone);
  },

  /** Returns an operation's output and its statistics. @throws InputError  there is no such operation */
  async layerOutput(
    { image, layer }: { image: string; layer: string },
    { engine, transfer }: Call<Engine>,
  ): Promise<LayerOutput> {
    const pass = await passOf(engine, image);
    const operation = pass.operation(layer);
    const output = await pass.output(operation.path);
    const values = output.values.slice(); // the pass keeps its own
    transfer(values);
    return {
      path: operation.path,
      shape: operation.shape,
      values,
      channels: channelStatistics(output),
      summary: summaryOf(values),
      histogram: histogramOf(values),
      contributions: await contributionsOf(engine, pass, operation),
    };
  },

  /** Returns the formula behind one element. @throws InputError  there is no such element */
  async elementFormula(
    { image, ...place }: { image: string } & ElementPlace,
    { engine }: Call<Engine>,
  ): Promise<ElementFormula> {
    return elementFormula(await passOf(engine, image), place);
  },

  /** Returns each module's time on this adapter, or null if the adapter has no clock. */
  async layerTimes({ image }: { image: string }, { engine, signal }: Call<Engine>): Promise<LayerTimes | null> {
    return measureLayerTimes(engine, await engine.image(image), signal);
  },
};

/** Returns the contributions of the last block's channels or of their means, in which the head is linear. */
async function contributionsOf(
  engine: Engine,
  pass: RecordedPass,
  { path }: Operation,
): Promise<LayerOutput['contributions']> {
  const { headFile } = engine;
  const isLinear = path === 'avgpool' || path === pass.operation('layer4').path;
  if (!headFile || !isLinear) return undefined;
  const { contributions, sums, classes } = await ledgerOf(pass, headFile.head);
  const name = classes.reduce((a, b) => (sums[b]! > sums[a]! ? b : a));
  return { class: name, values: contributions[name]! };
}
