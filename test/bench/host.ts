import type { HostFacts } from '../../src/bench/index.ts';

export const host: HostFacts = { runtime: 'test', cores: 2, raycam: '0', date: '2026-01-01T00:00:00Z' };

/** Made-up peaks: measuring them takes seconds. */
export const PEAKS = { fmaGflops: 100, copyGBps: 20, triadGBps: 30, cachedTriadGBps: 60 };
