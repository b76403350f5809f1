import { WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js';
import { messageOf, ShaderError } from '../errors/index.ts';
import { parseable } from './parseable.ts';

export interface Binding {
  readonly name: string;
  readonly type: GPUBufferBindingType;
}

interface Member {
  readonly name: string;
  readonly offset: number;
  readonly format: 'u32' | 'i32' | 'f32';
}

/** A shader's interface: its bindings in order, its override constants, and the layout of its `Params`. */
export interface ShaderInterface {
  readonly bindings: readonly Binding[];
  readonly overrides: readonly string[];
  readonly members: readonly Member[];
  readonly paramsSizeBytes: number;
}

/**
 * Reads a compute shader's interface from its text.
 *
 * @throws ShaderError  its only compute entry point is not `main`, it has bindings outside group 0, or a member of
 *                      `Params` is not a scalar
 */
export function reflectShader(name: string, source: string): ShaderInterface {
  const reflected = parse(name, source);
  const [entry, ...others] = reflected.entry.compute;
  if (entry?.name !== 'main' || others.length > 0)
    throw new ShaderError(`${name}.wgsl: must have exactly one compute entry point, named "main"`);
  const groups = reflected.getBindGroups();
  if (groups.length > 1)
    throw new ShaderError(`${name}.wgsl: every binding must be in @group(0), got ${groups.length} groups`);
  const variables = groups[0] ?? [];
  // `map` would skip the gaps between bindings; Array.from does not.
  const bindings = Array.from(variables, (variable, index) => {
    if (!variable)
      throw new ShaderError(`${name}.wgsl: has no @binding(${index}). Number the bindings from 0 without gaps`);
    return { name: variable.name, type: bindingType(variable.access, variable.name === 'params') };
  });
  const params = variables.find(variable => variable?.name === 'params');
  return {
    bindings,
    overrides: reflected.overrides.map(override => override.name),
    members: (params?.members ?? []).map(({ name: member, offset, type }) => {
      if (type.name !== 'u32' && type.name !== 'i32' && type.name !== 'f32')
        throw new ShaderError(`${name}.wgsl: Params.${member} must be u32, i32 or f32, got ${type.name}`);
      return { name: member, offset, format: type.name };
    }),
    paramsSizeBytes: params?.size ?? 0,
  };
}

/**
 * Packs values in the layout of the shader's `Params`.
 *
 * @throws ShaderError  members and values have different names (the message contains both lists), or a value is not of
 *                      its member's type
 */
export function packParams(
  name: string,
  shader: ShaderInterface,
  values: Readonly<Record<string, number>>,
): ArrayBuffer {
  const members = shader.members.map(member => member.name);
  expectSameNames(`${name}.wgsl: Params`, members, Object.keys(values));
  const bytes = new ArrayBuffer(shader.paramsSizeBytes);
  const view = new DataView(bytes);
  for (const { name: member, offset, format } of shader.members) {
    const value = values[member];
    if (format === 'f32') view.setFloat32(offset, value, true);
    else if (value !== (format === 'u32' ? value >>> 0 : value | 0))
      throw new ShaderError(
        `${name}.wgsl: Params.${member} must be ${format === 'u32' ? 'a u32' : 'an i32'}, got ${value}`,
      );
    else if (format === 'u32') view.setUint32(offset, value, true);
    else view.setInt32(offset, value, true);
  }
  return bytes;
}

/** @throws ShaderError  the lists contain different names; the message contains both */
export function expectSameNames(where: string, declared: readonly string[], given: readonly string[]): void {
  const same = declared.length === given.length && declared.every(name => given.includes(name));
  if (!same)
    throw new ShaderError(
      `${where}: the shader has [${declared.join(', ')}] but the descriptor has [${given.join(', ')}]`,
    );
}

function bindingType(access: string, isParams: boolean): GPUBufferBindingType {
  if (isParams) return 'uniform';
  return access === 'read_write' ? 'storage' : 'read-only-storage';
}

function parse(name: string, source: string): WgslReflect {
  try {
    return new WgslReflect(parseable(source));
  } catch (error) {
    throw new ShaderError(`${name}.wgsl: ${messageOf(error)}`, { cause: error });
  }
}
