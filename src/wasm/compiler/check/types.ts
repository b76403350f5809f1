/** The WGSL types that compute shaders use. Textures, samplers and f16 are not supported. */

export type ScalarName = 'bool' | 'i32' | 'u32' | 'f32' | 'abstract-int' | 'abstract-float';

export interface ScalarType {
  readonly kind: 'scalar';
  readonly scalar: ScalarName;
}

export interface VectorType {
  readonly kind: 'vector';
  readonly size: number;
  readonly scalar: ScalarName;
}

export interface MatrixType {
  readonly kind: 'matrix';
  readonly columns: number;
  readonly rows: number;
  readonly scalar: ScalarName;
}

export interface ArrayType {
  readonly kind: 'array';
  readonly element: Type;
  /** Absent for a runtime-sized array, whose length follows from its binding. */
  readonly count?: number;
}

export interface StructType {
  readonly kind: 'struct';
  readonly name: string;
  readonly members: readonly StructMember[];
  readonly align: number;
  readonly size: number;
}

export interface StructMember {
  readonly name: string;
  readonly type: Type;
  readonly offset: number;
}

export interface AtomicType {
  readonly kind: 'atomic';
  readonly scalar: 'i32' | 'u32';
}

export type AddressSpace = 'function' | 'private' | 'workgroup' | 'storage' | 'uniform';

export interface PointerType {
  readonly kind: 'pointer';
  readonly space: AddressSpace;
  readonly target: Type;
}

export interface VoidType {
  readonly kind: 'void';
}

export type Type = ScalarType | VectorType | MatrixType | ArrayType | StructType | AtomicType | PointerType | VoidType;

export const BOOL: ScalarType = { kind: 'scalar', scalar: 'bool' };
export const I32: ScalarType = { kind: 'scalar', scalar: 'i32' };
export const U32: ScalarType = { kind: 'scalar', scalar: 'u32' };
export const F32: ScalarType = { kind: 'scalar', scalar: 'f32' };
export const VOID: VoidType = { kind: 'void' };

export function scalarType(scalar: ScalarName): ScalarType {
  return { kind: 'scalar', scalar };
}

export function vectorType(size: number, scalar: ScalarName): VectorType {
  return { kind: 'vector', size, scalar };
}

/** Returns a vector type of the same size as `like` if that is a vector, otherwise the scalar type. */
export function shapedLike(like: Type, scalar: ScalarName): ScalarType | VectorType {
  return like.kind === 'vector' ? vectorType(like.size, scalar) : scalarType(scalar);
}

export function columnType(type: MatrixType): VectorType {
  return vectorType(type.rows, type.scalar);
}

/** Formats a type as WGSL source. Two types are the same if their names are equal. */
export function typeName(type: Type): string {
  switch (type.kind) {
    case 'scalar':
      return type.scalar;
    case 'vector':
      return `vec${type.size}<${type.scalar}>`;
    case 'matrix':
      return `mat${type.columns}x${type.rows}<${type.scalar}>`;
    case 'array':
      return `array<${typeName(type.element)}${type.count === undefined ? '' : `, ${type.count}`}>`;
    case 'struct':
      return type.name;
    case 'atomic':
      return `atomic<${type.scalar}>`;
    case 'pointer':
      return `ptr<${type.space}, ${typeName(type.target)}>`;
    case 'void':
      return 'void';
  }
}

export function isSame(a: Type, b: Type): boolean {
  return a === b || typeName(a) === typeName(b);
}

export function isAbstract(type: Type): boolean {
  switch (type.kind) {
    case 'scalar':
    case 'vector':
    case 'matrix':
      return type.scalar.startsWith('abstract');
    case 'array':
      return isAbstract(type.element);
    default:
      return false;
  }
}

/** Returns the concrete type that an abstract type becomes by default (i32 or f32); other types are unchanged. */
export function concreteType(type: Type): Type {
  if (!isAbstract(type)) return type;
  switch (type.kind) {
    case 'scalar':
    case 'vector':
    case 'matrix':
      return { ...type, scalar: type.scalar === 'abstract-int' ? 'i32' : 'f32' };
    case 'array':
      return { ...type, element: concreteType(type.element) };
    default:
      return type;
  }
}

/** Returns the component type of a scalar, vector or matrix type. */
export function scalarOf(type: Type): ScalarName | undefined {
  return type.kind === 'scalar' || type.kind === 'vector' || type.kind === 'matrix' ? type.scalar : undefined;
}
