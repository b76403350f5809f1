import shader from '../../shaders/conv2d_1x1.wgsl';
import { conv2d1x1 } from '../../src/kernels/conv2d.ts';
import { defineKernel } from '../../src/kernels/define.ts';

/** 140 workgroups by the probe's tiles: ten percent more are 154. */
export const PROBE_SHAPE = '1,64,56,56,80,1,1';

const HEAD = 'let i = id.x + id.y * workgroups.x * WORKGROUP_SIZE;';
const GUARD = 'if (i >= params.batch * groups * tiles) {\n    return;\n  }';

/** `conv2d_1x1` that computes a share of its tiles more than once: as right as before, and slower by just that share. */
export function probeKernel(work: number) {
  if (!shader.includes(HEAD) || !shader.includes(GUARD))
    throw new Error('conv2d_1x1.wgsl is not as the probe knows it');
  const wrapped = shader
    .replace(HEAD, '')
    .replace(GUARD, '')
    .replace(
      'let first = (i %',
      'let i = (id.x + id.y * workgroups.x * WORKGROUP_SIZE) % (params.batch * groups * tiles);\n  let first = (i %',
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

/** `conv2d_1x1` whose last input channel is forgotten. */
export function wrongKernel() {
  return defineKernel({
    ...conv2d1x1,
    name: 'conv2d_wrong',
    shader: shader.replace('c < params.channels; c++', 'c < params.channels - 1u; c++'),
  });
}

/** `conv2d_1x1` that leaves a part of its output as it was. */
export function idleKernel() {
  return defineKernel({
    ...conv2d1x1,
    name: 'conv2d_idle',
    shader: shader.replace(GUARD, 'if (i + 1u >= params.batch * groups * tiles) {\n    return;\n  }'),
  });
}
