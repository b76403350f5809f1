export * from '../../src/bench/array64.ts';
