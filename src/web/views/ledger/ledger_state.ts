/** The state of Ledger. All of it is in the address. */
import { computed } from '@preact/signals';
import type { AccountRequest, LedgerOrder } from '../../../inspection/ledger_account.ts';
import type { OutputOf } from '../../engine/client.ts';
import { DIFFERENCE } from '../../shared/shown_map.ts';
import { param, setParams } from '../../state/route.ts';

export type LedgerAnswer = OutputOf<'ledger'>;
export type Masked = OutputOf<'maskedVerdict'>;

const ORDERS: readonly LedgerOrder[] = ['for', 'against', 'size', 'channel'];

export const orderBy = computed<LedgerOrder>(() => ORDERS.find(name => name === param('order')) ?? 'size');

/** Channels that are switched off, ascending. */
export const off = computed<readonly number[]>(() => {
  const numbers = (param('off') ?? '').split(',').filter(text => /^\d{1,4}$/.test(text));
  return [...new Set(numbers.map(Number))].sort((a, b) => a - b);
});

export function switchOff(channels: Iterable<number>): void {
  const all = [...new Set(channels)].sort((a, b) => a - b);
  setParams({ off: all.length > 0 ? all.join(',') : null }, { replace: true });
}

export function toggle(channel: number): void {
  const now = new Set(off.value);
  if (!now.delete(channel)) now.add(channel);
  switchOff(now);
}

/** Returns whose logit to show, as in Look: a class, the difference, or by default the verdict's class. */
export function requestOf(classes: readonly string[], verdict: string): AccountRequest['of'] {
  const choice = param('map');
  if (choice === DIFFERENCE && classes.length === 2) return [classes[1]!, classes[0]!];
  return [choice !== undefined && classes.includes(choice) ? choice : verdict];
}
