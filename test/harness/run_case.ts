export * from '../../src/bench/check.ts';
