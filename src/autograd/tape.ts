/** Reverse-mode automatic differentiation: a tape of operations that is walked backwards once. */
import { ShapeError, UsageError } from '../errors/index.ts';
import type { Device } from '../runtime/device.ts';
import type { Kernel } from '../runtime/kernel.ts';
import { formatShape } from '../runtime/shape.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { GRADIENT_RULES, type OperationTensors, sumOfGradients } from './gradients.ts';

/** A tensor on the tape. Several variables may share one tensor; gradients belong to the variable. */
export class Variable {
  constructor(
    readonly tensor: Tensor,
    /** Whether it is a parameter, or depends on one. */
    readonly requiresGrad: boolean,
  ) {}
}

/** Makes a variable that is trained. */
export function parameter(tensor: Tensor): Variable {
  return new Variable(tensor, true);
}

/** Makes a variable that is given, such as features or targets. It gets no gradient. */
export function constant(tensor: Tensor): Variable {
  return new Variable(tensor, false);
}

/** The gradient of the loss with respect to each parameter that it depends on. */
export type Gradients = ReadonlyMap<Variable, Tensor>;

interface Entry {
  readonly kernel: string;
  readonly inputs: Readonly<Record<string, Variable>>;
  readonly tensors: OperationTensors;
  readonly output: Variable;
}

/**
 * Records operations as they are applied; `backward` walks them in reverse and forgets them.
 * A tape owns one tensor. The tensors that it computes belong to the scope in which it is called.
 */
export class Tape {
  private readonly entries: Entry[] = [];
  private readonly one: Tensor;

  constructor(private readonly device: Device) {
    this.one = device.tensor(Float32Array.of(1), [1], 'gradient of the loss');
  }

  /**
   * Runs a kernel with one output on variables, and records it if an input requires a gradient.
   *
   * @throws ShapeError  the kernel's plan rejects the shapes
   * @throws UsageError  the kernel has no gradient rule
   */
  apply<Input extends string, Optional extends string, Output extends string, Options>(
    kernel: Kernel<Input, Optional, never, Output, Options>,
    inputs: Record<Input, Variable> & Partial<Record<Optional, Variable | undefined>>,
    options: Options,
  ): Variable {
    const given = Object.entries<Variable | undefined>(inputs).filter(
      (entry): entry is [string, Variable] => entry[1] !== undefined,
    );
    const tensors = Object.fromEntries(given.map(([name, { tensor }]) => [name, tensor]));
    const outputs = this.device.run(
      kernel,
      tensors as Parameters<typeof this.device.run<Input, Optional, never, Output, Options>>[1],
      options,
    );
    const [output, ...others] = Object.values<Tensor>(outputs);
    const requiresGrad = given.some(([, variable]) => variable.requiresGrad);
    const variable = new Variable(output!, requiresGrad);
    if (!requiresGrad) return variable;
    if (!Object.hasOwn(GRADIENT_RULES, kernel.name) || others.length > 0)
      throw new UsageError(
        `tape: ${kernel.name} has no gradient rule. Known: ${Object.keys(GRADIENT_RULES).join(', ')}`,
      );
    this.entries.push({
      kernel: kernel.name,
      inputs: Object.fromEntries(given),
      tensors: { ...tensors, ...outputs },
      output: variable,
    });
    return variable;
  }

  /**
   * Returns the gradients of a loss by the chain rule, from the last operation to the first. The tape is empty
   * afterwards.
   *
   * @throws ShapeError  the loss has more than one element
   * @throws UsageError  the loss does not depend on a parameter
   */
  backward(loss: Variable): Gradients {
    if (loss.tensor.size !== 1)
      throw new ShapeError(`backward: the loss must have one element, got ${formatShape(loss.tensor.shape)}`);
    if (!loss.requiresGrad)
      throw new UsageError(
        'backward: the loss does not depend on a parameter. Create what is trained with parameter()',
      );
    const gradients = new Map<Variable, Tensor>([[loss, this.one.view(loss.tensor.shape)]]);
    for (const entry of this.entries.splice(0).reverse()) {
      const gradOutput = gradients.get(entry.output);
      if (!gradOutput) continue;
      gradients.delete(entry.output); // every operation that used it is later on the tape, and was already walked
      const rule = GRADIENT_RULES[entry.kernel]!(this.device, entry.tensors, gradOutput);
      for (const [name, input] of Object.entries(entry.inputs)) {
        if (!input.requiresGrad) continue;
        const gradient = rule[name];
        if (!gradient) throw new UsageError(`backward: ${entry.kernel} has no gradient with respect to ${name}`);
        const before = gradients.get(input);
        gradients.set(input, before ? sumOfGradients(this.device, before, gradient()) : gradient());
      }
    }
    return gradients;
  }

  dispose(): void {
    this.entries.length = 0;
    this.one.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
