/** The verdict broken down by channel, and the verdict without some channels. */
import type { MappedVerdict } from '../../../inference/evidence.ts';
import { type Ledger, ledgerOf, maskedVerdict } from '../../../inspection/ledger.ts';
import type { ChannelMaps } from '../../../inspection/ledger_account.ts';
import type { Engine } from '../engine.ts';
import { passOf } from '../kept_pass.ts';
import type { Call } from '../serve_calls.ts';

export interface LedgerAnswer extends Ledger, ChannelMaps {}

export const ledgerMethods = {
  /** Returns every channel's contribution to every class's logit. */
  async ledger({ image }: { image: string }, { engine, transfer }: Call<Engine>): Promise<LedgerAnswer> {
    void engine.head; // throws if there is none
    const { head } = engine.headFile!;
    const pass = await passOf(engine, image);
    const { shape, values } = await pass.output('layer4');
    const maps = values.slice(); // the pass keeps its own
    transfer(maps);
    const weights = head.classes.map((name, k) => [
      name,
      head.weight.slice(k * head.featureCount, (k + 1) * head.featureCount),
    ]);
    return { ...(await ledgerOf(pass, head)), weights: Object.fromEntries(weights), maps, side: shape[1]! };
  },

  /** Returns verdict and maps with the weights of some channels set to 0. */
  async maskedVerdict(
    { image, off }: { image: string; off: readonly number[] },
    { engine, transfer }: Call<Engine>,
  ): Promise<MappedVerdict> {
    void engine.head;
    const verdict = await maskedVerdict(await passOf(engine, image), engine.headFile!.head, { off });
    transfer(...Object.values(verdict.maps).flatMap(({ cam, upsampled }) => [cam, upsampled]));
    return verdict;
  },
};
