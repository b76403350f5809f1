import type { Expressions } from './expressions.ts';
import { nameOf, type Scalar, shaped, type Type } from './types.ts';
import { atRunTime, primary, type Value } from './values.ts';

type Shaped = Type & { kind: 'shaped' };
export type Builtin = (make: Expressions, type: Shaped, depth: number) => Value;
type Result = (values: readonly Value[]) => readonly [bound: number, places: number];

const widest: Result = values => [
  Math.max(...values.map(one => one.bound)),
  Math.max(...values.map(one => one.places)),
];

function call(name: string, type: Type, args: readonly Value[], more: Partial<Value> = {}): Value {
  const code = `${name}(${args.map(arg => arg.code).join(', ')})`;
  return primary(code, type, { isConst: args.every(arg => arg.isConst), ...more });
}

/** Makes calls of a function whose arguments all have the type of its result. */
function alike(name: string, count: number, result: Result = widest): Builtin {
  return (make, type, depth) => {
    const args = Array.from({ length: count }, () => make.shaped(type, depth));
    if (type.scalar !== 'f32') return call(name, type, args);
    const { values, bound, places } = make.exactly(args, result);
    return call(name, type, values, { bound, places });
  };
}

/**
 * Makes calls of an integer function with the given parameter types. `runTime` avoids constant arguments, which might
 * be refused.
 */
function integers(name: string, parameters: readonly Type[], runTime = false): Builtin {
  return (make, type, depth) => {
    const args = parameters.map(parameter => make.shaped(parameter as Shaped, depth));
    if (runTime && args.every(arg => arg.isConst)) args[0] = atRunTime(args[0]!);
    return call(name, type, args);
  };
}

/** Makes calls of `clamp`. WGSL refuses constants if the lower limit is above the upper one. */
const clamp: Builtin = (make, type, depth) => {
  const x = make.shaped(type, depth);
  const [low, high] = [make.shaped(type, depth), make.shaped(type, depth)];
  const args =
    type.scalar === 'f32'
      ? [x, call('min', type, [low, high]), call('max', type, [low, high])]
      : [x, atRunTime(low), atRunTime(high)];
  const { values, bound, places } = make.exactly(args, () => widest([x, low, high]));
  return call('clamp', type, values, { bound, places });
};

const select: Builtin = (make, type, depth) => {
  const [x, y] = [make.shaped(type, depth), make.shaped(type, depth)];
  const condition = make.shaped(shaped('bool', make.entropy.chance(50) ? type.size : 1), depth);
  const [bound, places] = widest([x, y]);
  return call('select', type, [x, y, condition], { bound, places });
};

const bitField =
  (name: 'extractBits' | 'insertBits'): Builtin =>
  (make, type, depth) => {
    const fields = [0, 1].map(() => atRunTime(make.shaped(shaped('u32'), depth)));
    const words = Array.from({ length: name === 'insertBits' ? 2 : 1 }, () => make.shaped(type, depth));
    return call(name, type, [...words, ...fields]);
  };

const dot: Builtin = (make, type, depth) => {
  const vector = shaped(type.scalar, 2 + make.entropy.below(3));
  const args = [make.shaped(vector, depth), make.shaped(vector, depth)];
  if (type.scalar !== 'f32') return call('dot', type, args);
  const exact = make.exactly(args, ([a, b]) => [vector.size * a!.bound * b!.bound, a!.places + b!.places]);
  return call('dot', type, exact.values, exact);
};

const determinant: Builtin = (make, type, depth) => {
  const size = 2;
  const matrix = make.value({ kind: 'matrix', columns: size, rows: size }, depth);
  return call('determinant', type, [matrix], { bound: 2 * 4096, places: 6 });
};

/** Makes a bitcast of a float that is not zero, because WGSL leaves the sign of zero open. */
const bitsOfFloat: Builtin = (make, type, depth) => {
  const x = make.value(shaped('f32', type.size), depth);
  const splat = type.size === 1 ? '100.0' : `${nameOf(x.type)}(100.0)`;
  return primary(`bitcast<${nameOf(type)}>(${x.code} + ${splat})`, type, { isConst: x.isConst });
};

/** Makes a conversion of a float that every integer type can represent. */
const ofFloat: Builtin = (make, type, depth) => {
  const x = make.shaped(shaped('f32', type.size), depth);
  return primary(`${nameOf(type)}(abs(${x.code}))`, type, { isConst: x.isConst });
};

/** Makes round trips of a float through f16. */
const throughHalf: Builtin = (make, type, depth) => {
  const x = make.value(type, depth);
  if (type.size === 2 && make.entropy.chance(50))
    return call('unpack2x16float', type, [call('pack2x16float', shaped('u32'), [x])]);
  return call('quantizeToF16', type, [x]);
};

const modf: Builtin = (make, type, depth) => {
  const x = make.shaped(type, depth);
  return {
    ...call('modf', type, [x], { bound: x.bound, places: x.places }),
    code: `modf(${x.code}).${make.entropy.pick(['whole', 'fract'])}`,
  };
};

const ldexp: Builtin = (make, type, depth) => {
  const x = make.value(type, depth);
  const exponent = make.entropy.below(5);
  const of = type.size === 1 ? `${exponent}i` : `vec${type.size}<i32>(${exponent}i)`;
  return primary(`ldexp(${x.code}, ${of})`, type, { isConst: x.isConst, bound: 64 * 2 ** exponent });
};

const frexp: Builtin = (make, type, depth) => {
  const x = make.value(shaped('f32', type.size), depth);
  return primary(`frexp(${x.code} + ${type.size === 1 ? '100.0' : `vec${type.size}f(100.0)`}).exp`, type, {
    isConst: x.isConst,
  });
};

const faceForward: Builtin = (make, type, depth) => {
  const [x, y, z] = [0, 1, 2].map(() => make.value(type, depth)) as [Value, Value, Value];
  return call('faceForward', type, [x, y, z]);
};

/** Covers x * (1 - a) + y * a and equivalent formulas. */
const mix: Result = ([x, y, a]) => [(x!.bound + y!.bound) * (a!.bound + 1), Math.max(x!.places, y!.places) + a!.places];
const product: Result = ([x, y, z]) => [x!.bound * y!.bound + z!.bound, Math.max(x!.places + y!.places, z!.places)];
const cross: Result = ([x, y]) => [2 * x!.bound * y!.bound, x!.places + y!.places];
const whole: Result = ([x]) => [x!.bound + 1, x!.places];
const one: Result = ([x]) => [1, x!.places];

const both: readonly Builtin[] = [
  select,
  clamp,
  alike('min', 2),
  alike('max', 2),
  alike('countOneBits', 1),
  alike('countLeadingZeros', 1),
  alike('countTrailingZeros', 1),
  alike('firstLeadingBit', 1),
  alike('firstTrailingBit', 1),
  alike('reverseBits', 1),
  bitField('extractBits'),
  bitField('insertBits'),
  bitsOfFloat,
  ofFloat,
];
const floats: readonly Builtin[] = [
  select,
  clamp,
  throughHalf,
  alike('min', 2),
  alike('max', 2),
  alike('abs', 1),
  alike('sign', 1, one),
  alike('floor', 1, whole),
  alike('ceil', 1, whole),
  alike('trunc', 1),
  alike('round', 1, whole),
  alike('fract', 1, one),
  alike('saturate', 1, one),
  alike('step', 2, one),
  alike('fma', 3, product),
  alike('mix', 3, mix),
  modf,
  ldexp,
];
const u32 = shaped('u32');
const words = (name: string, ...parameters: Type[]) => integers(name, parameters);

const table: Readonly<Record<Scalar, (size: number) => readonly Builtin[]>> = {
  bool: size => [select, ...(size === 1 ? [reduce('any'), reduce('all')] : [])],
  i32: size => [
    ...both,
    alike('abs', 1),
    alike('sign', 1),
    frexp,
    ...(size === 1 ? [dot, words('dot4I8Packed', u32, u32)] : []),
    ...(size === 4 ? [words('unpack4xI8', u32)] : []),
  ],
  u32: size => [
    ...both,
    ...(size === 4 ? [words('unpack4xU8', u32)] : []),
    ...(size === 1
      ? [
          dot,
          words('dot4U8Packed', u32, u32),
          words('pack4xI8', shaped('i32', 4)),
          words('pack4xU8', shaped('u32', 4)),
          words('pack4xI8Clamp', shaped('i32', 4)),
          words('pack4xU8Clamp', shaped('u32', 4)),
        ]
      : []),
  ],
  f32: size => [
    ...floats,
    ...(size === 1 ? [dot, determinant] : [faceForward]),
    ...(size === 3 ? [alike('cross', 2, cross)] : []),
  ],
};

function reduce(name: 'any' | 'all'): Builtin {
  return (make, type, depth) => call(name, type, [make.shaped(shaped('bool', 1 + make.entropy.below(4)), depth)]);
}

/** Returns the functions that return this type and whose results WGSL determines exactly. */
export function builtinsOf({ scalar, size }: Shaped): readonly Builtin[] {
  return table[scalar](size);
}
