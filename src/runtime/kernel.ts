import { ShaderError } from '../errors/index.ts';
import { expectSameNames, packParams, reflectShader, type ShaderInterface } from './reflection.ts';
import { elementCount, type Shape } from './shape.ts';

/** What one dispatch of a kernel needs, worked out from shapes and options alone. */
export interface DispatchPlan<Output extends string> {
  readonly outputs: Readonly<Record<Output, Shape>>;
  /** Values of the shader's `Params`, by member. */
  readonly params?: Readonly<Record<string, number>>;
  /** Values of the shader's `override` constants, by name; those left out keep their default. */
  readonly constants?: Readonly<Record<string, number>>;
  readonly workgroups: readonly [number, number, number];
}

/**
 * One operation: a shader and the pure function that plans its dispatch.
 * Bindings stand in the shader in this order: inputs, optional inputs, inouts, outputs, `params`.
 */
export interface KernelSpec<
  Input extends string,
  Optional extends string,
  Inout extends string,
  Output extends string,
  Options,
> {
  /** The stem: `shaders/<name>.wgsl`, the label of its GPU objects, the row of its profile. */
  readonly name: string;
  readonly shader: string;
  /** The text of which the interface is read, where `shader` is made of one. */
  readonly template?: string;
  /** What the shader asks of a device. */
  readonly feature?: GPUFeatureName;
  readonly inputs: readonly Input[];
  /** Inputs that may be left out: the plan sees no shape and tells the shader by a constant, and the first of `inputs` is bound in their place. */
  readonly optional?: readonly Optional[];
  /** Tensors changed in place. */
  readonly inouts?: readonly Inout[];
  readonly outputs: readonly Output[];
  plan(
    shapes: Record<NoInfer<Input | Inout>, Shape> & Partial<Record<NoInfer<Optional>, Shape>>,
    options: Options,
  ): DispatchPlan<Output>;
}

export interface Kernel<
  Input extends string = string,
  Optional extends string = string,
  Inout extends string = string,
  Output extends string = string,
  Options = never,
> extends KernelSpec<Input, Optional, Inout, Output, Options> {
  readonly interface: ShaderInterface;
  packParams(values: Readonly<Record<string, number>>): ArrayBuffer;
}

/**
 * Joins a descriptor to its shader.
 *
 * @throws ShaderError  at import, where the shader's bindings are not those the descriptor names; both lists are in the message
 */
export function defineKernel<
  Input extends string,
  Output extends string,
  Options,
  Optional extends string = never,
  Inout extends string = never,
>(spec: KernelSpec<Input, Optional, Inout, Output, Options>): Kernel<Input, Optional, Inout, Output, Options> {
  const shader = reflectShader(spec.name, spec.template ?? spec.shader);
  const tensors = [...spec.inputs, ...(spec.optional ?? []), ...(spec.inouts ?? []), ...spec.outputs];
  const expected = shader.paramsSizeBytes > 0 ? [...tensors, 'params'] : tensors;
  const declared = shader.bindings.map(binding => binding.name);
  expectSameNames(`${spec.name}.wgsl: bindings`, declared, expected);
  if (declared.some((name, i) => name !== expected[i]))
    throw new ShaderError(
      `${spec.name}.wgsl: bindings are [${declared.join(', ')}], expected the order [${expected.join(', ')}]`,
    );
  return { ...spec, interface: shader, packParams: values => packParams(spec.name, shader, values) };
}

/** The least of WebGPU's limits on workgroups along one dimension. */
const MAX_WORKGROUPS = 65535;

/**
 * A grid of at least `invocations` one-dimensional invocations. Past 65,535 workgroups it grows along y, so a
 * shader takes its index as `id.x + id.y * workgroups.x * WORKGROUP_SIZE` and returns where that is past the end.
 */
export function linearGrid(invocations: number, workgroupSize: number): [number, number, number] {
  const workgroups = Math.max(1, Math.ceil(invocations / workgroupSize));
  const rows = Math.ceil(workgroups / MAX_WORKGROUPS);
  return [Math.ceil(workgroups / rows), rows, 1];
}

/** `linearGrid` with one invocation for each element of a shape. */
export function elementGrid(shape: Shape, workgroupSize: number): [number, number, number] {
  return linearGrid(elementCount(shape), workgroupSize);
}
