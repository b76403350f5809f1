import { ShaderError } from '../errors/index.ts';
import { expectSameNames, packParams, reflectShader, type ShaderInterface } from './reflection.ts';
import { elementCount, type Shape } from './shape.ts';

/** Outputs, parameters, constants and grid of one dispatch, computed from shapes and options alone. */
export interface DispatchPlan<Output extends string> {
  readonly outputs: Readonly<Record<Output, Shape>>;
  /** Values of the shader's `Params`, keyed by member. */
  readonly params?: Readonly<Record<string, number>>;
  /** Values of the shader's `override` constants, keyed by name. Omitted ones keep their default. */
  readonly constants?: Readonly<Record<string, number>>;
  readonly workgroups: readonly [number, number, number];
}

/**
 * The descriptor of an operation: its shader and the pure function that plans its dispatch.
 * The shader declares its bindings in this order: inputs, optional inputs, inouts, outputs, `params`.
 */
export interface KernelSpec<
  Input extends string,
  Optional extends string,
  Inout extends string,
  Output extends string,
  Options,
> {
  /** The stem of `shaders/<name>.wgsl`. It also labels the GPU objects and the rows of profiles. */
  readonly name: string;
  readonly shader: string;
  /** The source to read the interface from, if `shader` is generated from a template. */
  readonly template?: string;
  /** The feature that the shader needs. */
  readonly feature?: GPUFeatureName;
  readonly inputs: readonly Input[];
  /**
   * Inputs that may be omitted. The plan then gets no shape and tells the shader through a constant, and the first of
   * `inputs` is bound as a placeholder.
   */
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
 * Checks a descriptor against its shader and returns the kernel.
 *
 * @throws ShaderError  at import, if the bindings of shader and descriptor differ; the message contains both lists
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
      `${spec.name}.wgsl: bindings must be in the order [${expected.join(', ')}], got [${declared.join(', ')}]`,
    );
  return { ...spec, interface: shader, packParams: values => packParams(spec.name, shader, values) };
}

/** The lowest limit on workgroups per dimension that WebGPU permits. */
const MAX_WORKGROUPS = 65535;

/**
 * Returns a grid of at least `invocations` one-dimensional invocations. Beyond 65,535 workgroups it grows along y, so a
 * shader computes its index as `id.x + id.y * workgroups.x * WORKGROUP_SIZE` and returns if that is past the end.
 */
export function linearGrid(invocations: number, workgroupSize: number): [number, number, number] {
  const workgroups = Math.max(1, Math.ceil(invocations / workgroupSize));
  const rows = Math.ceil(workgroups / MAX_WORKGROUPS);
  return [Math.ceil(workgroups / rows), rows, 1];
}

/** Returns a `linearGrid` with one invocation per element of a shape. */
export function elementGrid(shape: Shape, workgroupSize: number): [number, number, number] {
  return linearGrid(elementCount(shape), workgroupSize);
}
