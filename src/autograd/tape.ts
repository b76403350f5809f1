/** Reverse-mode differentiation: a tape of what was done, walked backwards once. */
import { ShapeError, UsageError } from '../errors/index.ts';
import type { Device } from '../runtime/device.ts';
import type { Kernel } from '../runtime/kernel.ts';
import { formatShape } from '../runtime/shape.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { GRADIENT_RULES, type OperationTensors, sumOfGradients } from './gradients.ts';

/** A tensor on the tape. Two variables may look at one tensor; gradients belong to the variable. */
export class Variable {
  constructor(
    readonly tensor: Tensor,
    /** Whether anything that is trained lies in it, or before it. */
    readonly requiresGrad: boolean,
  ) {}
}

/** Something that is trained. */
export function parameter(tensor: Tensor): Variable {
  return new Variable(tensor, true);
}

/** Something that is given: features, targets. No gradient of it is computed. */
export function constant(tensor: Tensor): Variable {
  return new Variable(tensor, false);
}

/** The gradient of the loss by each parameter that it depends on. */
export type Gradients = ReadonlyMap<Variable, Tensor>;

interface Entry {
  readonly kernel: string;
  readonly inputs: Readonly<Record<string, Variable>>;
  readonly tensors: OperationTensors;
  readonly output: Variable;
}

/**
 * Records operations as they are applied; `backward` walks them in reverse and forgets them.
 * A tape makes one tensor of its own; what it computes belongs to the scope it is called in.
 */
export class Tape {
  private readonly entries: Entry[] = [];
  private readonly one: Tensor;

  constructor(private readonly device: Device) {
    this.one = device.tensor(Float32Array.of(1), [1], 'gradient of the loss');
  }

  /**
   * Runs a kernel of one output on variables, and remembers it where a gradient must pass.
   *
   * @throws ShapeError  by the kernel's plan
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
        `tape: ${kernel.name} has no gradient rule, those with one are ${Object.keys(GRADIENT_RULES).join(', ')}`,
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
   * The gradients of a loss, by the chain rule from its end. The tape is empty afterwards.
   *
   * @throws ShapeError  the loss has more than one element
   * @throws UsageError  the loss depends on no parameter
   */
  backward(loss: Variable): Gradients {
    if (loss.tensor.size !== 1)
      throw new ShapeError(`backward: the loss must have one element, got ${formatShape(loss.tensor.shape)}`);
    if (!loss.requiresGrad)
      throw new UsageError('backward: the loss depends on no parameter. Make what is trained by parameter()');
    const gradients = new Map<Variable, Tensor>([[loss, this.one.view(loss.tensor.shape)]]);
    for (const entry of this.entries.splice(0).reverse()) {
      const gradOutput = gradients.get(entry.output);
      if (!gradOutput) continue;
      gradients.delete(entry.output); // all that used it stand behind it, and have been walked
      const rule = GRADIENT_RULES[entry.kernel]!(this.device, entry.tensors, gradOutput);
      for (const [name, input] of Object.entries(entry.inputs)) {
        if (!input.requiresGrad) continue;
        const gradient = rule[name];
        if (!gradient) throw new UsageError(`backward: ${entry.kernel} has no gradient by ${name}`);
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
