import type { Sampler } from '../../src/bench/paired.ts';

/**
 * Models a machine on which other programs run: its speed drifts, and a third of the samples take up to four times as
 * long. Returns a function that makes a sampler of work that takes `ms` on an idle machine.
 */
export function noisyMachine(seed: number): (ms: number) => Sampler {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  let clock = 0;
  return ms => async () => {
    const drift = 1 + 0.3 * Math.sin(clock++ / 40);
    const jitter = 1 + 0.03 * (random() - 0.5);
    return ms * drift * jitter * (random() < 1 / 3 ? 1 + 3 * random() : 1);
  };
}
