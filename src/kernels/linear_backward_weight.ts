import shader from '../../shaders/linear_backward_weight.wgsl';
import { ShapeError } from '../errors/index.ts';
import { defineKernel, linearGrid } from '../runtime/kernel.ts';
import { formatShapes } from '../runtime/shape.ts';
import { expectRank } from './shape_checks.ts';

/** Size of the tile of gradWeight that one invocation computes. */
const [TILE_HEIGHT, TILE_WIDTH] = [2, 4];

/**
 * The gradient of a linear layer's weight, summed over the batch.
 *
 * gradOutput  [N, O]
 * x           [N, I]
 * gradWeight  [O, I], transposed gradOutput · x
 *
 * @throws ShapeError  a tensor is not 2-D, or they differ in N
 * Source: torch.nn.Linear
 */
export const linearBackwardWeight = defineKernel({
  name: 'linear_backward_weight',
  shader,
  inputs: ['gradOutput', 'x'],
  outputs: ['gradWeight'],
  plan({ gradOutput, x }, _options: Record<string, never>) {
    const [batch, outputs] = expectRank('linear_backward_weight', 'gradOutput', gradOutput, 2);
    const [expected, inputs] = expectRank('linear_backward_weight', 'x', x, 2);
    if (batch !== expected)
      throw new ShapeError(
        `linear_backward_weight: gradOutput has ${batch} rows but x has ${expected} (${formatShapes({ gradOutput, x })})`,
      );
    const tilesAcross = Math.ceil(inputs / TILE_WIDTH);
    return {
      outputs: { gradWeight: [outputs, inputs] },
      params: { batch, outputs, inputs, tiles_across: tilesAcross },
      workgroups: linearGrid(tilesAcross * Math.ceil(outputs / TILE_HEIGHT), 32),
    };
  },
});
