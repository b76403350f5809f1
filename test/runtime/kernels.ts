/** Small test kernels: each has one purpose, or breaks one rule. */
import { defineKernel, elementGrid } from '../../src/runtime/kernel.ts';
import { elementCount, type Shape } from '../../src/runtime/shape.ts';

/** y = x + amount */
export const addAmount = defineKernel({
  name: 'add_amount',
  shader: `
struct Params { size: u32, amount: f32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < params.size) { y[id.x] = x[id.x] + params.amount; }
}`,
  inputs: ['x'],
  outputs: ['y'],
  plan: (
    { x }: { x: Shape },
    { amount, workgroups }: { amount: number; workgroups?: readonly [number, number, number] },
  ) => ({
    outputs: { y: x },
    params: { size: elementCount(x), amount },
    workgroups: workgroups ?? elementGrid(x, 64),
  }),
});

/** x = x + 1, in place. */
export const increment = defineKernel({
  name: 'increment',
  shader: `
@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&x)) { x[id.x] += 1.0; }
}`,
  inputs: [],
  inouts: ['x'],
  outputs: [],
  plan: ({ x }: { x: Shape }, _options: Record<never, never>) => ({ outputs: {}, workgroups: elementGrid(x, 64) }),
});

/** Always reads 64 elements. */
export const needs256Bytes = defineKernel({
  name: 'needs_256_bytes',
  shader: `
@group(0) @binding(0) var<storage, read> x: array<f32, 64>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(1)
fn main() { y[0] = x[63]; }`,
  inputs: ['x'],
  outputs: ['y'],
  plan: (_shapes: { x: Shape }, _options: Record<never, never>) => ({ outputs: { y: [1] }, workgroups: [1, 1, 1] }),
});

/** Returns a kernel with the given shader, without inputs, and with an output [64]. */
export function kernelOf(
  name: string,
  shader: string,
  plan: { constants?: Record<string, number>; params?: Record<string, number> } = {},
) {
  return defineKernel({
    name,
    shader,
    inputs: [],
    outputs: ['y'],
    plan: (_shapes: Record<never, Shape>, _options: Record<never, never>) => ({
      ...plan,
      outputs: { y: [64] },
      workgroups: [1, 1, 1],
    }),
  });
}
