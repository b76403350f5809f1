import type { KernelBinding } from '../interface/compiled_kernel.ts';
import { ApiObject } from './api_object.ts';
import { SHADER_STAGE } from './constants.ts';
import { type Context, expectUsable } from './context.ts';
import { broken, wholeNumber } from './errors.ts';

export interface LayoutEntry {
  readonly binding: number;
  readonly visibility: number;
  readonly type: GPUBufferBindingType;
  readonly hasDynamicOffset: boolean;
  /** In bytes; 0 means that the size is checked at each dispatch. */
  readonly minBindingSize: number;
}

export class WasmBindGroupLayout extends ApiObject implements GPUBindGroupLayout {
  declare readonly __brand: 'GPUBindGroupLayout';
  /** Sorted by binding number. */
  entries: readonly LayoutEntry[] = [];
  /** Layouts with equal keys accept the same bind groups. */
  key = '';

  constructor(context: Context, label: string | undefined) {
    super('BindGroupLayout', context, label);
  }

  /** @param owner  the pipeline that an 'auto' layout belongs to; no other pipeline accepts its bind groups */
  setEntries(entries: readonly LayoutEntry[], owner = ''): void {
    this.entries = [...entries].sort((a, b) => a.binding - b.binding);
    this.key =
      owner +
      this.entries
        .map(
          entry =>
            `${entry.binding}:${entry.visibility}:${entry.type}:${entry.hasDynamicOffset}:${entry.minBindingSize}`,
        )
        .join();
  }

  entry(binding: number): LayoutEntry | undefined {
    return this.entries.find(entry => entry.binding === binding);
  }
}

export function createBindGroupLayout(context: Context, descriptor: GPUBindGroupLayoutDescriptor): WasmBindGroupLayout {
  const layout = new WasmBindGroupLayout(context, descriptor.label);
  layout.valid = context.errors.guard(`[Device].createBindGroupLayout(${layout})`, () => {
    const entries = Array.from(descriptor.entries, entry => readEntry(context, entry));
    const twice = entries.find((entry, i) => entries.findIndex(other => other.binding === entry.binding) < i);
    if (twice) broken(`Binding number ${twice.binding} is used more than once.`);
    checkCounts(context, entries);
    layout.setEntries(entries);
  });
  return layout;
}

function readEntry({ limits }: Context, entry: GPUBindGroupLayoutEntry): LayoutEntry {
  const binding = wholeNumber(entry.binding, 'GPUBindGroupLayoutEntry.binding', 0xffffffff);
  const visibility = wholeNumber(entry.visibility, 'GPUBindGroupLayoutEntry.visibility', 0xffffffff);
  if (binding >= limits.maxBindingsPerBindGroup)
    broken(
      `Binding number (${binding}) exceeds the maxBindingsPerBindGroup limit (${limits.maxBindingsPerBindGroup}).`,
    );
  if (visibility & ~(SHADER_STAGE.VERTEX | SHADER_STAGE.FRAGMENT | SHADER_STAGE.COMPUTE))
    broken(`Binding ${binding} visibility (0x${visibility.toString(16)}) contains unknown bits.`);
  if (!entry.buffer || entry.texture || entry.sampler || entry.storageTexture || entry.externalTexture)
    broken(`Binding ${binding} must be a buffer: this device supports only buffers.`);
  const { type = 'uniform', hasDynamicOffset = false, minBindingSize = 0 } = entry.buffer;
  if (type !== 'uniform' && type !== 'storage' && type !== 'read-only-storage')
    throw new TypeError(`GPUBufferBindingLayout.type: '${String(type)}' is not a GPUBufferBindingType`);
  if (type === 'storage' && visibility & SHADER_STAGE.VERTEX)
    broken(`Binding ${binding} is a writable storage buffer, which must not be visible to ShaderStage::Vertex.`);
  return { binding, visibility, type, hasDynamicOffset, minBindingSize: wholeNumber(minBindingSize, 'minBindingSize') };
}

/**
 * Checks the numbers of bindings, of one bind group layout or of a whole pipeline layout, against the limits.
 *
 * @throws BrokenRule
 */
function checkCounts({ limits }: Context, entries: readonly LayoutEntry[]): void {
  const count = (name: keyof typeof limits, what: string, counts: (entry: LayoutEntry) => boolean) => {
    const found = entries.filter(counts).length;
    if (found > limits[name]) broken(`The number of ${what} (${found}) exceeds the ${name} limit (${limits[name]}).`);
  };
  const isUniform = ({ type }: LayoutEntry) => type === 'uniform';
  const compute = ({ visibility }: LayoutEntry) => (visibility & SHADER_STAGE.COMPUTE) !== 0;
  count('maxUniformBuffersPerShaderStage', 'uniform buffers', entry => isUniform(entry) && compute(entry));
  count('maxStorageBuffersPerShaderStage', 'storage buffers', entry => !isUniform(entry) && compute(entry));
  count(
    'maxDynamicUniformBuffersPerPipelineLayout',
    'dynamic uniform buffers',
    entry => isUniform(entry) && entry.hasDynamicOffset,
  );
  count(
    'maxDynamicStorageBuffersPerPipelineLayout',
    'dynamic storage buffers',
    entry => !isUniform(entry) && entry.hasDynamicOffset,
  );
}

export class WasmPipelineLayout extends ApiObject implements GPUPipelineLayout {
  declare readonly __brand: 'GPUPipelineLayout';
  /** The layouts by group index; null where the pipeline does not use the group. */
  groups: readonly (WasmBindGroupLayout | null)[] = [];

  constructor(context: Context, label: string | undefined) {
    super('PipelineLayout', context, label);
  }
}

export function createPipelineLayout(context: Context, descriptor: GPUPipelineLayoutDescriptor): WasmPipelineLayout {
  const layout = new WasmPipelineLayout(context, descriptor.label);
  layout.valid = context.errors.guard(`[Device].createPipelineLayout(${layout})`, () => {
    const groups = Array.from(
      descriptor.bindGroupLayouts as Iterable<WasmBindGroupLayout | null | undefined>,
      group => group ?? null,
    );
    const { maxBindGroups } = context.limits;
    if (groups.length > maxBindGroups)
      broken(`bindGroupLayoutCount (${groups.length}) is larger than the maximum allowed (${maxBindGroups}).`);
    for (const group of groups) if (group) expectUsable(context, group);
    checkCounts(
      context,
      groups.flatMap(group => group?.entries ?? []),
    );
    layout.groups = groups;
  });
  return layout;
}

/** Creates the 'auto' layout, which a shader's own bindings determine. @throws BrokenRule */
export function autoLayout(
  context: Context,
  label: string,
  bindings: readonly KernelBinding[],
  owner: string,
): WasmPipelineLayout {
  const layout = new WasmPipelineLayout(context, label);
  const groups = Math.max(-1, ...bindings.map(({ group }) => group)) + 1;
  if (groups > context.limits.maxBindGroups)
    broken(`The shader uses bind group ${groups - 1}, but maxBindGroups is ${context.limits.maxBindGroups}.`);
  layout.groups = Array.from({ length: groups }, (_, group) => {
    const part = new WasmBindGroupLayout(context, label);
    part.setEntries(
      bindings
        .filter(binding => binding.group === group)
        .map(({ binding, type, minBindingSize }) => ({
          binding,
          visibility: SHADER_STAGE.COMPUTE,
          type,
          hasDynamicOffset: false,
          minBindingSize,
        })),
      `${owner}/`,
    );
    return part;
  });
  checkCounts(
    context,
    layout.groups.flatMap(group => group?.entries ?? []),
  );
  return layout;
}
