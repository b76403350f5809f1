export * from '../../src/bench/cases.ts';
