import shader from '../../shaders/conv2d_1x1.wgsl';
import { conv2d1x1 } from '../../src/kernels/conv2d_1x1.ts';
import { defineKernel } from '../../src/runtime/kernel.ts';

/** 70 workgroups of the probe's tiles, so that ten percent more are 77. */
export const PROBE_SHAPE = '1,64,56,56,80,1,1';

const HEAD = 'let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;';
const LOOP = 'channel < params.channels; channel++';
const GUARD = 'if (i >= params.batch * groups * tiles) {\n    return;\n  }';

/** Returns `conv2d_1x1` that computes a share of its tiles again: the results are the same, and it is slower by that share. */
export function probeKernel(work: number) {
  const first = 'let first = (i %';
  const wrapped = replaced(
    [HEAD, ''],
    [GUARD, ''],
    [first, `let i = (id.x + id.y * workgroups.x * WORKGROUP_SIZE) % (params.batch * groups * tiles);\n  ${first}`],
  );
  return defineKernel({
    ...conv2d1x1,
    name: 'conv2d_probe',
    shader: wrapped,
    plan: (shapes: Parameters<typeof conv2d1x1.plan>[0], options: Parameters<typeof conv2d1x1.plan>[1]) => {
      const plan = conv2d1x1.plan(shapes, options);
      const [x, y, z] = plan.workgroups;
      return { ...plan, workgroups: [Math.round(x * work), y, z] as const };
    },
  });
}

/** Returns `conv2d_1x1` that omits the last input channel. */
export function wrongKernel() {
  return defineKernel({
    ...conv2d1x1,
    name: 'conv2d_wrong',
    shader: replaced([LOOP, LOOP.replace('params.channels', 'params.channels - 1u')]),
  });
}

/** Returns `conv2d_1x1` that does not write a part of its output. */
export function idleKernel() {
  return defineKernel({
    ...conv2d1x1,
    name: 'conv2d_idle',
    shader: replaced([GUARD, GUARD.replace('i >=', 'i + 1u >=')]),
  });
}

/** Returns the shader with parts replaced. @throws Error  a part is not there, so the kernel would stay correct */
function replaced(...changes: readonly (readonly [string, string])[]): string {
  return changes.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`conv2d_1x1.wgsl no longer contains "${from}"`);
    return text.replace(from, to);
  }, shader);
}
