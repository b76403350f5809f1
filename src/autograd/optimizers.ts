/** Optimisers with PyTorch's semantics and defaults. Their state is stored on the device, like the parameters. */
import { UsageError } from '../errors/index.ts';
import { adam } from '../kernels/adam.ts';
import { sgd } from '../kernels/sgd.ts';
import type { Device } from '../runtime/device.ts';
import type { Tensor } from '../runtime/tensor.ts';
import type { Gradients, Variable } from './tape.ts';

export interface Optimizer {
  /** The learning rate; schedulers change it. */
  lr: number;
  /** Updates every parameter that has a gradient, in place. */
  step(gradients: Gradients): void;
  dispose(): void;
}

interface AdamOptions {
  readonly lr?: number;
  readonly betas?: readonly [number, number];
  readonly eps?: number;
  readonly weightDecay?: number;
}

/** Source: torch.optim.Adam, amsgrad false */
export class Adam implements Optimizer {
  lr: number;
  private readonly options: Required<AdamOptions>;
  private readonly states: { parameter: Variable; m: Tensor; v: Tensor; step: number }[];

  /** @throws UsageError  an option is out of its range */
  constructor(
    private readonly device: Device,
    parameters: readonly Variable[],
    { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0 }: AdamOptions = {},
  ) {
    expectAtLeastZero('adam', { lr, eps, weightDecay });
    for (const beta of betas)
      if (!(beta >= 0 && beta < 1))
        throw new UsageError(`adam: each of betas must be in [0, 1), got [${betas.join(', ')}]`);
    this.lr = lr;
    this.options = { lr, betas, eps, weightDecay };
    this.states = parameters.map(parameter => ({
      parameter,
      m: zerosLike(device, parameter, 'm'),
      v: zerosLike(device, parameter, 'v'),
      step: 0,
    }));
  }

  step(gradients: Gradients): void {
    const { betas, eps, weightDecay } = this.options;
    for (const state of this.states) {
      const grad = gradients.get(state.parameter);
      if (!grad) continue;
      state.step++;
      const { m, v, step } = state;
      const options = { lr: this.lr, beta1: betas[0], beta2: betas[1], eps, weightDecay, step };
      this.device.run(adam, { grad, weight: state.parameter.tensor, m, v }, options);
    }
  }

  dispose(): void {
    for (const { m, v } of this.states) {
      m.dispose();
      v.dispose();
    }
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

interface SgdOptions {
  readonly lr: number;
  readonly momentum?: number;
  readonly dampening?: number;
  readonly weightDecay?: number;
  readonly nesterov?: boolean;
}

/** Source: torch.optim.SGD */
export class SGD implements Optimizer {
  lr: number;
  private readonly options: Required<SgdOptions>;
  private readonly states: { parameter: Variable; velocity: Tensor; step: number }[];

  /** @throws UsageError  an option is out of its range, or `nesterov` is set without momentum or with dampening */
  constructor(
    private readonly device: Device,
    parameters: readonly Variable[],
    { lr, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false }: SgdOptions,
  ) {
    expectAtLeastZero('sgd', { lr, momentum, weightDecay });
    if (nesterov && (momentum === 0 || dampening !== 0))
      throw new UsageError(
        `sgd: nesterov needs a momentum and no dampening, got momentum ${momentum}, dampening ${dampening}`,
      );
    this.lr = lr;
    this.options = { lr, momentum, dampening, weightDecay, nesterov };
    this.states = parameters.map(parameter => ({
      parameter,
      velocity: zerosLike(device, parameter, 'velocity'),
      step: 0,
    }));
  }

  step(gradients: Gradients): void {
    for (const state of this.states) {
      const grad = gradients.get(state.parameter);
      if (!grad) continue;
      state.step++;
      const { velocity, step } = state;
      this.device.run(sgd, { grad, weight: state.parameter.tensor, velocity }, { ...this.options, lr: this.lr, step });
    }
  }

  dispose(): void {
    for (const { velocity } of this.states) velocity.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function zerosLike(device: Device, { tensor }: Variable, name: string): Tensor {
  return device.tensor(new Float32Array(tensor.size), tensor.shape, `${name} of ${tensor.label}`);
}

function expectAtLeastZero(where: string, options: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(options))
    if (!(value >= 0)) throw new UsageError(`${where}: ${name} must be at least 0, got ${value}`);
}
