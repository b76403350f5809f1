import { describe, expect, it } from 'vitest';
import type { Ledger } from '../../src/inspection/ledger.ts';
import { accountOf, ledgerOrder, runningSum } from '../../src/inspection/ledger_account.ts';

const LEDGER: Ledger = {
  classes: ['NORMAL', 'PNEUMONIA'],
  features: Float32Array.of(1, 1, 1, 1),
  contributions: { NORMAL: Float64Array.of(1, -2, 0, 4), PNEUMONIA: Float64Array.of(3, 1, 0, -1) },
  bias: { NORMAL: 0.5, PNEUMONIA: -0.25 },
  sums: { NORMAL: 3.5, PNEUMONIA: 2.75 },
};

describe('accountOf', () => {
  it('sums positive and negative contributions to a class', () => {
    const account = accountOf(LEDGER, { of: ['NORMAL'] });
    expect(account).toMatchObject({
      about: 'NORMAL',
      bias: 0.5,
      for: { channels: 2, sum: 5 },
      against: { channels: 1, sum: -2 },
      sum: LEDGER.sums.NORMAL,
    });
  });

  it('leaves out channels that are off', () => {
    const account = accountOf(LEDGER, { of: ['NORMAL'], off: new Set([1, 3]) });
    expect([account.for, account.against, account.sum]).toEqual([
      { channels: 1, sum: 1 },
      { channels: 0, sum: 0 },
      1.5,
    ]);
    expect(account.contributions[3]).toBe(4); // kept, although it is off
  });

  it('sums the difference of the logits of two classes', () => {
    const account = accountOf(LEDGER, { of: ['PNEUMONIA', 'NORMAL'] });
    expect([...account.contributions]).toEqual([2, 3, 0, -5]);
    expect(account.sum).toBe(LEDGER.sums.PNEUMONIA! - LEDGER.sums.NORMAL!);
    expect(account.about).toBe('PNEUMONIA − NORMAL');
  });

  it('rejects an unknown class', () => {
    expect(() => accountOf(LEDGER, { of: ['COVID'] })).toThrow(
      'ledger: unknown class "COVID". Known: NORMAL, PNEUMONIA',
    );
  });
});

it('sorts channels, and sums them up to the logit', () => {
  const { contributions, bias, sum } = accountOf(LEDGER, { of: ['NORMAL'] });
  expect([...ledgerOrder(contributions, 'for')]).toEqual([3, 0, 2, 1]);
  expect([...ledgerOrder(contributions, 'against')]).toEqual([1, 2, 0, 3]);
  expect([...ledgerOrder(contributions, 'size')]).toEqual([3, 1, 0, 2]);
  expect([...ledgerOrder(contributions, 'channel')]).toEqual([0, 1, 2, 3]);
  const order = ledgerOrder(contributions, 'for');
  expect([...runningSum({ contributions, bias }, order, new Set())]).toEqual([0.5, 4.5, 5.5, 5.5, sum]);
  expect([...runningSum({ contributions, bias }, order, new Set([0]))]).toEqual([0.5, 4.5, 4.5, 4.5, 2.5]);
});
