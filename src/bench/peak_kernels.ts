import { defineKernel, elementGrid } from '../runtime/kernel.ts';
import { elementCount, type Shape } from '../runtime/shape.ts';
import copyShader from './shaders/peak_copy.wgsl';
import scalarShader from './shaders/peak_fma_scalar.wgsl';
import vec4Shader from './shaders/peak_fma_vec4.wgsl';
import vec8Shader from './shaders/peak_fma_vec8.wgsl';
import triadShader from './shaders/peak_triad.wgsl';

interface FmaOptions {
  /** Multiply-adds per chain. */
  readonly rounds: number;
}

const WORKGROUP_SIZE = 64;
/** a = a * SCALE + SHIFT converges to 1. */
const SCALE = 0.998;
const SHIFT = 1 - SCALE;

/** x [64 * 4 * n] -> y. Each invocation runs twelve chains of vec4f: 24 operations per round and element. */
export const peakFmaVec4 = defineKernel({
  name: 'peak_fma_vec4',
  shader: vec4Shader,
  inputs: ['x'],
  outputs: ['y'],
  plan: ({ x }: { x: Shape }, { rounds }: FmaOptions) => ({
    outputs: { y: x },
    params: { rounds, scale: SCALE, shift: SHIFT },
    workgroups: [elementCount(x) / 4 / WORKGROUP_SIZE, 1, 1] as const,
  }),
});

/** `peakFmaVec4` for x [64 * 8 * n] with pairs of vec4f, for engines that fuse two 128-bit operations into one. */
export const peakFmaVec8 = defineKernel({
  name: 'peak_fma_vec8',
  shader: vec8Shader,
  inputs: ['x'],
  outputs: ['y'],
  plan: ({ x }: { x: Shape }, { rounds }: FmaOptions) => ({
    outputs: { y: x },
    params: { rounds, scale: SCALE, shift: SHIFT },
    workgroups: [elementCount(x) / 8 / WORKGROUP_SIZE, 1, 1] as const,
  }),
});

/** x [64 * n] -> y. Each invocation runs twelve chains of f32: 24 operations per round and element. */
export const peakFmaScalar = defineKernel({
  name: 'peak_fma_scalar',
  shader: scalarShader,
  inputs: ['x'],
  outputs: ['y'],
  plan: ({ x }: { x: Shape }, { rounds }: FmaOptions) => ({
    outputs: { y: x },
    params: { rounds, scale: SCALE, shift: SHIFT },
    workgroups: [elementCount(x) / WORKGROUP_SIZE, 1, 1] as const,
  }),
});

/**
 * Twelve chains of two operations. Twelve hide the latency of a multiplication and an addition, and fit into 16
 * registers.
 */
export const FMA_FLOP_PER_ROUND = 24;

/** y = x. The number of elements must be a multiple of 4. */
export const peakCopy = defineKernel({
  name: 'peak_copy',
  shader: copyShader,
  inputs: ['x'],
  outputs: ['y'],
  plan: ({ x }: { x: Shape }, _options: Record<never, never>) => ({
    outputs: { y: x },
    workgroups: elementGrid([elementCount(x) / 4], WORKGROUP_SIZE),
  }),
});

/** y = a + scale * b. The number of elements must be a multiple of 4. */
export const peakTriad = defineKernel({
  name: 'peak_triad',
  shader: triadShader,
  inputs: ['a', 'b'],
  outputs: ['y'],
  plan: ({ a }: { a: Shape; b: Shape }, { scale }: { scale: number }) => ({
    outputs: { y: a },
    params: { scale },
    workgroups: elementGrid([elementCount(a) / 4], WORKGROUP_SIZE),
  }),
});
