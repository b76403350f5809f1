/** What every operation of the network made of an X-ray. */
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
  /** The operation's own. */
  readonly path: string;
  /** [C, H, W] */
  readonly shape: readonly [number, number, number];
  readonly values: Float32Array;
  readonly channels: ChannelStatistics;
  readonly summary: Summary;
  readonly histogram: Histogram;
  /** Where the verdict is linear in the channels: what each adds to the logit of the verdict's class. */
  readonly contributions?: { readonly class: string; readonly values: Float64Array };
}

export const inspectMethods = {
  /** Every operation of the network that is open. */
  async operations(_: object, { engine }: Call<Engine>): Promise<Operation[]> {
    return operationsOf(engine.network.backbone);
  },

  /** The output of an operation, and what can be said of it. @throws InputError  no such operation */
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

  /** One element, worked out from its parts. @throws InputError  no such element */
  async elementFormula(
    { image, ...place }: { image: string } & ElementPlace,
    { engine }: Call<Engine>,
  ): Promise<ElementFormula> {
    return elementFormula(await passOf(engine, image), place);
  },

  /** How long each module takes on this adapter; null where the adapter has no clock. */
  async layerTimes({ image }: { image: string }, { engine, signal }: Call<Engine>): Promise<LayerTimes | null> {
    return measureLayerTimes(engine, await engine.image(image), signal);
  },
};

/** Of the last block's channels and their means: the head is linear in them. */
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
