/** A ledger added up for one class, or for one class against another; small enough for a page that leaves the network to a worker. */
import { InputError } from '../errors/index.ts';
import type { Ledger } from './ledger.ts';

export interface Account {
  /** Whose logit; `A − B` for a difference. */
  readonly about: string;
  /** [F]; positive speaks for it. */
  readonly contributions: Float64Array;
  readonly bias: number;
  /** Of what is switched on: how many channels speak for it, and what they add; and against it. */
  readonly for: { readonly channels: number; readonly sum: number };
  readonly against: { readonly channels: number; readonly sum: number };
  /** Of what is switched on, and the bias: the logit, or the difference of logits. */
  readonly sum: number;
}

export interface AccountRequest {
  /** Class names: of one, or of the first minus the second. */
  readonly of: readonly [string] | readonly [string, string];
  /** Channels that count for nothing. */
  readonly off?: ReadonlySet<number>;
}

export interface ChannelMaps {
  /** By class, [F]: the head's. */
  readonly weights: Readonly<Record<string, Float32Array>>;
  /** Of layer4, [F, side, side]. */
  readonly maps: Float32Array;
  readonly side: number;
}

/** @throws InputError  the ledger has no such class */
export function accountOf(ledger: Ledger, { of, off = new Set() }: AccountRequest): Account {
  const [first, second] = of;
  for (const name of of)
    if (name !== undefined && !(name in ledger.contributions))
      throw new InputError(`ledger: no class is named ${name}, the head knows ${ledger.classes.join(', ')}`);
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

/** How a channel is weighed. */
export function channelWeight(
  { weights }: Pick<ChannelMaps, 'weights'>,
  channel: number,
  [first, second]: AccountRequest['of'],
): number {
  return weights[first]![channel]! - (second === undefined ? 0 : weights[second]![channel]!);
}

/** What one channel brings to the evidence: its map times its weight, [side, side]. */
export function channelEvidence(ledger: ChannelMaps, channel: number, of: AccountRequest['of']): Float32Array {
  const weight = channelWeight(ledger, channel, of);
  const area = ledger.side ** 2;
  return ledger.maps.slice(channel * area, (channel + 1) * area).map(value => value * weight);
}

export type LedgerOrder = 'for' | 'against' | 'size' | 'channel';

/** Channels: what speaks for it most first, what speaks against it most, what weighs most either way, or as numbered. */
export function ledgerOrder(contributions: ArrayLike<number>, by: LedgerOrder): Uint32Array {
  const order = Uint32Array.from({ length: contributions.length }, (_, i) => i);
  const weight = (channel: number) => {
    const value = contributions[channel]!;
    return by === 'for' ? value : by === 'against' ? -value : Math.abs(value);
  };
  return by === 'channel' ? order : order.sort((a, b) => weight(b) - weight(a) || a - b);
}

/** The bias, and then the sum after each channel of an order, those switched off left out. */
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
