/**
 * Sums a ledger for one class, or for the difference of two. It imports little, for pages whose network runs in a
 * worker.
 */
import { InputError } from '../errors/index.ts';
import type { Ledger } from './ledger.ts';

export interface Account {
  /** The class whose logit it sums; `A − B` for a difference. */
  readonly about: string;
  /** [F]. Positive contributions raise the logit. */
  readonly contributions: Float64Array;
  readonly bias: number;
  /** Number and sum of the positive contributions whose channels are on, and of the negative ones. */
  readonly for: { readonly channels: number; readonly sum: number };
  readonly against: { readonly channels: number; readonly sum: number };
  /** Sum of the contributions whose channels are on, and the bias: the logit, or the difference of logits. */
  readonly sum: number;
}

export interface AccountRequest {
  /** One class, or two for the first minus the second. */
  readonly of: readonly [string] | readonly [string, string];
  /** Channels that are switched off. */
  readonly off?: ReadonlySet<number>;
}

export interface ChannelMaps {
  /** By class, [F]: the head's weights. */
  readonly weights: Readonly<Record<string, Float32Array>>;
  /** The output of layer4, [F, side, side]. */
  readonly maps: Float32Array;
  readonly side: number;
}

/** @throws InputError  a class is unknown */
export function accountOf(ledger: Ledger, { of, off = new Set() }: AccountRequest): Account {
  const [first, second] = of;
  for (const name of of)
    if (name !== undefined && !(name in ledger.contributions))
      throw new InputError(`ledger: unknown class "${name}". Known: ${ledger.classes.join(', ')}`);
  const given = ledger.contributions[first]!;
  const other = second === undefined ? undefined : ledger.contributions[second]!;
  const contributions = other ? given.map((value, c) => value - other[c]!) : given;
  const bias = ledger.bias[first]! - (second === undefined ? 0 : ledger.bias[second]!);
  const sums = { for: { channels: 0, sum: 0 }, against: { channels: 0, sum: 0 } };
  contributions.forEach((value, channel) => {
    if (off.has(channel) || value === 0) return;
    const side = value > 0 ? sums.for : sums.against;
    side.channels++;
    side.sum += value;
  });
  const about = second === undefined ? first : `${first} − ${second}`;
  return { about, contributions, bias, ...sums, sum: sums.for.sum + sums.against.sum + bias };
}

/** Returns the head's weight of a channel, or the difference of two classes' weights. */
export function channelWeight(
  { weights }: Pick<ChannelMaps, 'weights'>,
  channel: number,
  [first, second]: AccountRequest['of'],
): number {
  return weights[first]![channel]! - (second === undefined ? 0 : weights[second]![channel]!);
}

/** Returns one channel's part of the evidence: its map times its weight, [side, side]. */
export function channelEvidence(ledger: ChannelMaps, channel: number, of: AccountRequest['of']): Float32Array {
  const weight = channelWeight(ledger, channel, of);
  const area = ledger.side ** 2;
  return ledger.maps.slice(channel * area, (channel + 1) * area).map(value => value * weight);
}

export type LedgerOrder = 'for' | 'against' | 'size' | 'channel';

/**
 * Sorts channels by contribution: largest first, smallest first, or largest magnitude first; or keeps them in order of
 * channel.
 */
export function ledgerOrder(contributions: ArrayLike<number>, by: LedgerOrder): Uint32Array {
  const order = Uint32Array.from({ length: contributions.length }, (_, i) => i);
  const weight = (channel: number) => {
    const value = contributions[channel]!;
    return by === 'for' ? value : by === 'against' ? -value : Math.abs(value);
  };
  return by === 'channel' ? order : order.sort((a, b) => weight(b) - weight(a) || a - b);
}

/** Returns the bias, then the running sum after each channel of an order. Channels that are off add nothing. */
export function runningSum(
  { contributions, bias }: Pick<Account, 'contributions' | 'bias'>,
  order: ArrayLike<number>,
  off: ReadonlySet<number>,
): Float64Array {
  const sums = new Float64Array(order.length + 1);
  sums[0] = bias;
  for (let i = 0; i < order.length; i++) sums[i + 1] = sums[i]! + (off.has(order[i]!) ? 0 : contributions[order[i]!]!);
  return sums;
}
