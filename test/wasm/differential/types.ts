import type { Entropy } from './entropy.ts';

export type Scalar = 'i32' | 'u32' | 'f32' | 'bool';

export type Type =
  | { readonly kind: 'shaped'; readonly scalar: Scalar; readonly size: number }
  | { readonly kind: 'matrix'; readonly columns: number; readonly rows: number }
  | { readonly kind: 'array'; readonly element: Type; readonly count: number }
  | { readonly kind: 'struct'; readonly name: string; readonly members: readonly (readonly [string, Type])[] };

/** Returns a scalar type, or a vector type if `size` is above 1. */
export function shaped(scalar: Scalar, size = 1): Type & { kind: 'shaped' } {
  return { kind: 'shaped', scalar, size };
}

export function nameOf(type: Type): string {
  switch (type.kind) {
    case 'shaped':
      return type.size === 1 ? type.scalar : `vec${type.size}<${type.scalar}>`;
    case 'matrix':
      return `mat${type.columns}x${type.rows}<f32>`;
    case 'array':
      return `array<${nameOf(type.element)}, ${type.count}>`;
    case 'struct':
      return type.name;
  }
}

export function isSame(a: Type, b: Type): boolean {
  return nameOf(a) === nameOf(b);
}

/** Returns the parts of a value: the suffix that selects each part, and its type. A scalar has none. */
export function partsOf(type: Type): (readonly [suffix: string, type: Type])[] {
  switch (type.kind) {
    case 'shaped':
      return type.size === 1 ? [] : [...'xyzw'.slice(0, type.size)].map(letter => [`.${letter}`, shaped(type.scalar)]);
    case 'matrix':
      return Array.from({ length: type.columns }, (_, i) => [`[${i}]`, shaped('f32', type.rows)]);
    case 'array':
      return Array.from({ length: type.count }, (_, i) => [`[${i}]`, type.element]);
    case 'struct':
      return type.members.map(([name, member]) => [`.${name}`, member]);
  }
}

/** Returns all scalars in a value, with the suffixes that select them. */
export function leavesOf(type: Type): (readonly [suffix: string, scalar: Scalar])[] {
  if (type.kind === 'shaped' && type.size === 1) return [['', type.scalar]];
  return partsOf(type).flatMap(([suffix, part]) =>
    leavesOf(part).map(([rest, scalar]) => [suffix + rest, scalar] as const),
  );
}

function randomShape(entropy: Entropy): Type & { kind: 'shaped' } {
  const scalar = entropy.pick(['i32', 'u32', 'f32', 'bool'] as const);
  return shaped(scalar, entropy.pick([1, 1, 1, 2, 3, 4]));
}

/** Makes a type that a variable may have, of at most a few dozen scalars. */
export function randomType(entropy: Entropy, structs: readonly Type[], depth = 2): Type {
  const composite = depth > 0 ? 1 : 0;
  return entropy.choose<Type>([
    [6, () => randomShape(entropy)],
    [1, () => ({ kind: 'matrix', columns: 2 + entropy.below(3), rows: 2 + entropy.below(3) })],
    [
      2 * composite,
      () => ({ kind: 'array', element: randomType(entropy, structs, depth - 1), count: 1 + entropy.below(4) }),
    ],
    [structs.length > 0 ? composite : 0, () => entropy.pick(structs)],
  ]);
}

export function randomStruct(entropy: Entropy, name: string, structs: readonly Type[]): Type {
  const members = Array.from(
    { length: 1 + entropy.below(4) },
    (_, i) => [`m${i}`, randomType(entropy, structs, 1)] as const,
  );
  return { kind: 'struct', name, members };
}
