import { type Builtin, builtinsOf } from './builtins.ts';
import type { Entropy } from './entropy.ts';
import { contains, type FunctionSignature, type Scope, type Variable } from './scope.ts';
import { isSame, nameOf, partsOf, type Scalar, shaped, type Type } from './types.ts';
import { atLeast, atRunTime, BINDS, evaluate, isExact, KEPT, literal, primary, type Value } from './values.ts';

type Shaped = Type & { kind: 'shaped' };

const EDGES: Readonly<Record<Scalar, readonly number[]>> = {
  i32: [0, 1, 2, -1, 3, 7, 31, 32, 100, -8, 2 ** 31 - 1, -(2 ** 31), 0x55555555, 65535],
  u32: [0, 1, 2, 3, 5, 31, 32, 255, 65536, 2 ** 31, 2 ** 32 - 1, 0xaaaaaaaa],
  f32: [0, 1, 2, -1, 0.5, -2.5, 3, 8, -0.125, 31, 64],
  bool: [0, 1],
};

/** What the expressions of a function may use. */
export interface Surroundings {
  readonly entropy: Entropy;
  readonly functions: readonly FunctionSignature[];
  /** The names of helper functions that the program must include. */
  readonly helpers: Set<string>;
}

/** Makes random expressions whose results WGSL determines exactly. */
export class Expressions {
  scope: Scope;

  constructor(
    readonly around: Surroundings,
    scope: Scope,
  ) {
    this.scope = scope;
  }

  get entropy(): Entropy {
    return this.around.entropy;
  }

  /** Makes a value that fits a variable. */
  value(type: Type, depth = 3): Value {
    if (type.kind === 'shaped') return this.keep(this.shaped(type, depth));
    const { entropy } = this;
    const deeper = depth > 0 ? 1 : 0;
    const isMatrix = type.kind === 'matrix';
    return entropy.choose<Value>([
      [4, () => this.part(type, depth - 1) ?? this.construct(type, depth - 1)],
      [2, () => this.construct(type, depth - 1)],
      [1, () => primary(`${nameOf(type)}()`, type, { isConst: true, bound: 0, places: 0 })],
      [deeper, () => this.call(type, depth - 1) ?? this.construct(type, depth - 1)],
      [isMatrix ? 3 * deeper : 0, () => this.keep(this.matrix(type as Type & { kind: 'matrix' }, depth - 1))],
    ]);
  }

  /** Makes a value whose floats may be larger or have more fraction bits than a variable's. */
  shaped(type: Shaped, depth: number): Value {
    const { entropy } = this;
    if (depth <= 0 || entropy.isSpent) return this.leaf(type);
    const { scalar, size } = type;
    return entropy.choose<Value>([
      [5, () => this.leaf(type)],
      [scalar === 'bool' ? 0 : 8, () => this.arithmetic(type, depth - 1)],
      [8, () => this.builtin(type, depth - 1)],
      [scalar === 'bool' ? 10 : 0, () => this.logic(type, depth - 1)],
      [2, () => this.convert(type, depth - 1)],
      [size > 1 ? 4 : 0, () => this.construct(type, depth - 1)],
      [size > 1 ? 2 : 0, () => this.swizzle(type, depth - 1)],
      [size === 1 ? 4 : 0, () => this.element(scalar, depth - 1)],
      [1, () => this.unary(type, depth - 1)],
      [size === 1 ? 4 : 1, () => this.call(type, depth - 1) ?? this.leaf(type)],
      [scalar === 'f32' && size > 1 ? 2 : 0, () => this.matrixTimesVector(type, depth - 1)],
    ]);
  }

  /** Makes a variable or a literal. */
  leaf(type: Shaped): Value {
    const { entropy } = this;
    const { scalar, size } = type;
    if (entropy.chance(70)) {
      const part = this.part(type, 0);
      if (part) return part;
    }
    const one = literal(scalar, entropy.pick(EDGES[scalar]));
    if (size === 1) return one;
    if (entropy.chance(30))
      return { ...one, ...primary(`${nameOf(type)}(${one.code})`, type), isConst: true, known: undefined };
    return this.construct(type, 0);
  }

  /** Makes an index: a whole number from 0 to `count` - 1. */
  index(count: number, depth: number): Value {
    const { entropy } = this;
    const u32 = shaped('u32');
    const i32 = shaped('i32');
    const isPower = (count & (count - 1)) === 0;
    const inner = () => this.shaped(u32, Math.min(depth, 1));
    const signed = () => this.shaped(i32, Math.min(depth, 1));
    const of = (value: Value, type: Type, code: string, binds: number = BINDS.primary): Value => ({
      ...primary(code, type, { isConst: value.isConst }),
      binds,
    });
    return entropy.choose<Value>([
      [3, () => primary(`${entropy.below(count)}`, u32, { isConst: true })],
      [1, () => primary(`${entropy.below(count)}u`, u32, { isConst: true })],
      [
        3,
        () => {
          const x = inner();
          return of(x, u32, `${atLeast(x, BINDS.unary)} % ${count}u`, BINDS.product);
        },
      ],
      [
        1,
        () => {
          const x = inner();
          return of(x, u32, `min(${x.code}, ${count - 1}u)`);
        },
      ],
      [
        isPower ? 2 : 0,
        () => {
          const x = signed();
          return of(x, i32, `${atLeast(x, BINDS.unary)} & ${count - 1}`, BINDS.bits);
        },
      ],
      [
        1,
        () => {
          const x = signed();
          return of(x, i32, `clamp(${x.code}, 0i, ${count - 1})`);
        },
      ],
    ]);
  }

  /** Picks a variable, or a part of one, of the type; undefined if there is none. */
  part(type: Type, depth: number, isWanted: (variable: Variable) => boolean = () => true): Value | undefined {
    const { entropy } = this;
    const candidates = this.scope.all().filter(variable => isWanted(variable) && contains(variable.type, type));
    if (candidates.length === 0) return undefined;
    const variable = candidates[candidates.length - 1 - entropy.below(candidates.length)]!;
    let { code, type: at } = variable;
    let isConst = variable.isConst ?? false;
    while (!isSame(at, type)) {
      const parts = partsOf(at).filter(([, part]) => contains(part, type));
      const [suffix, part] = entropy.pick(parts);
      if (at.kind !== 'struct' && entropy.chance(50)) {
        const index = this.index(at.kind === 'matrix' ? at.columns : at.kind === 'array' ? at.count : at.size, depth);
        isConst &&= index.isConst;
        code += `[${index.code}]`;
      } else code += suffix;
      at = part;
    }
    return primary(code, type, { isConst, known: code === variable.code ? variable.known : undefined });
  }

  /** Makes a constructor call `T(…)`. */
  construct(type: Type, depth: number): Value {
    const { entropy } = this;
    if (type.kind === 'shaped' && type.size === 1) return this.leaf(type);
    const values: Value[] = [];
    if (type.kind === 'shaped')
      for (let left = type.size; left > 0; ) {
        // Vectors may be composed of shorter ones.
        const size = left > 1 && left < type.size + 1 && entropy.chance(25) ? Math.min(left, 2) : 1;
        values.push(this.shaped(shaped(type.scalar, size === type.size ? 1 : size), depth));
        left -= size === type.size ? 1 : size;
      }
    else if (type.kind === 'matrix' && entropy.chance(50))
      for (let i = 0; i < type.columns * type.rows; i++) values.push(this.keep(this.shaped(shaped('f32'), depth - 1)));
    else for (const [, part] of partsOf(type)) values.push(this.value(part, depth - 1));
    return primary(`${nameOf(type)}(${values.map(value => value.code).join(', ')})`, type, {
      isConst: values.every(value => value.isConst),
      bound: Math.max(...values.map(value => value.bound)),
      places: Math.max(...values.map(value => value.places)),
    });
  }

  /** Limits floats to the range of variables. */
  keep(value: Value): Value {
    const { type } = value;
    const isFloat = type.kind === 'matrix' || (type.kind === 'shaped' && type.scalar === 'f32');
    if (!isFloat || (value.bound <= KEPT.bound && value.places <= KEPT.places)) return value;
    const helper = type.kind === 'matrix' ? `keep${type.columns}x${type.rows}` : `keep${(type as Shaped).size}`;
    this.around.helpers.add(helper);
    return primary(`${helper}(${value.code})`, type);
  }

  /**
   * Returns operands for an operation, and its bound and places. If the result would not be exact, limits the operands
   * first.
   */
  exactly(values: readonly Value[], result: (values: readonly Value[]) => readonly [bound: number, places: number]) {
    const [bound, places] = result(values);
    if (isExact(bound, places)) return { values, bound, places };
    const kept = values.map(value => this.keep(value));
    const [keptBound, keptPlaces] = result(kept);
    return { values: kept, bound: keptBound, places: keptPlaces };
  }

  private arithmetic(type: Shaped, depth: number): Value {
    const { entropy } = this;
    const { scalar, size } = type;
    const isFloat = scalar === 'f32';
    const operator = entropy.pick(isFloat ? ['+', '-', '*'] : ['+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>']);
    if (operator === '<<' || operator === '>>') return this.shift(operator, type, depth);
    // Only arithmetic can mix a vector and a scalar.
    const mixed = size > 1 && '+-*/%'.includes(operator) ? entropy.below(5) : 4;
    let x = this.shaped(mixed === 0 ? shaped(scalar) : type, depth);
    let y = this.shaped(mixed === 1 ? shaped(scalar) : type, depth);
    let [bound, places]: readonly [number, number] = [KEPT.bound, KEPT.places];
    if (isFloat) {
      const exact = this.exactly([x, y], ([a, b]) =>
        operator === '*'
          ? [a!.bound * b!.bound, a!.places + b!.places]
          : [a!.bound + b!.bound, Math.max(a!.places, b!.places)],
      );
      [x, y] = exact.values as [Value, Value];
      ({ bound, places } = exact);
    }
    if (operator === '/' || operator === '%') {
      if (y.isConst && y.known === undefined) y = atRunTime(y);
      if (y.known === 0) y = literal(scalar, 3);
      if (y.isConst) x = atRunTime(x);
    }
    return this.binary(operator, type, x, y, { bound, places });
  }

  private shift(operator: '<<' | '>>', type: Shaped, depth: number): Value {
    let x = this.shaped(type, depth);
    let y = this.shaped(shaped('u32', type.size), depth);
    if (y.isConst && y.known === undefined) y = atRunTime(y);
    if (y.known !== undefined && y.known > 31) y = literal('u32', y.known % 32);
    if (x.isConst && y.isConst) x = atRunTime(x);
    return this.binary(operator, type, x, y, {});
  }

  binary(operator: string, type: Type, x: Value, y: Value, more: Partial<Value>): Value {
    const scalar = (x.type as Shaped).scalar;
    const isKnown = x.known !== undefined && y.known !== undefined;
    const known = isKnown ? evaluate(operator, scalar, x.known!, y.known!) : undefined;
    const isBits = /^[&|^]$/.test(operator);
    const binds =
      operator === '<<' || operator === '>>'
        ? BINDS.shift
        : isBits
          ? BINDS.bits
          : /^[*/%]$/.test(operator)
            ? BINDS.product
            : /^[+-]$/.test(operator)
              ? BINDS.sum
              : BINDS.relation;
    const [left, right] =
      isBits || binds === BINDS.shift
        ? [BINDS.unary, BINDS.unary]
        : binds === BINDS.relation
          ? [BINDS.shift, BINDS.shift]
          : [binds, binds + 1];
    const [a, z] = [atLeast(x, left, isBits ? operator : undefined), atLeast(y, right)];
    // In `a < b >> c`, `< b >` would be parsed as a template list.
    const guard = (operand: string) => (/[<>]/.test(operator) && /[<>]/.test(operand) ? `(${operand})` : operand);
    const code = `${guard(a)} ${operator} ${guard(z)}`;
    if (/[<>]/.test(operator)) return primary(`(${code})`, type, { isConst: x.isConst && y.isConst, known, ...more });
    return {
      ...primary(code, type, { isConst: x.isConst && y.isConst, known, ...more }),
      binds,
      operator: isBits ? operator : undefined,
    };
  }

  private unary(type: Shaped, depth: number): Value {
    const { scalar } = type;
    const operator =
      scalar === 'bool' ? '!' : scalar === 'u32' ? '~' : this.entropy.pick(scalar === 'f32' ? ['-'] : ['-', '~']);
    const x = this.shaped(type, depth);
    return {
      ...x,
      code: `${operator}${atLeast(x, BINDS.primary)}`,
      binds: BINDS.unary,
      operator: undefined,
      known: undefined,
    };
  }

  private logic(type: Shaped, depth: number): Value {
    const { entropy } = this;
    const { size } = type;
    return entropy.choose<Value>([
      [
        5,
        () => {
          const operand = shaped(entropy.pick(['i32', 'u32', 'f32'] as const), size);
          const [x, y] = [this.shaped(operand, depth), this.shaped(operand, depth)];
          return this.binary(entropy.pick(['==', '!=', '<', '>', '<=', '>=']), type, x, y, {});
        },
      ],
      [
        1,
        () =>
          this.binary(entropy.pick(['&', '|', '==', '!=']), type, this.shaped(type, depth), this.shaped(type, depth), {
            known: undefined,
          }),
      ],
      [
        size === 1 ? 3 : 0,
        () => {
          const operator = entropy.pick(['&&', '||']);
          const [x, y] = [this.shaped(type, depth), this.shaped(type, depth)];
          const code = `${atLeast(x, BINDS.relation, operator)} ${operator} ${atLeast(y, BINDS.relation)}`;
          return { ...primary(code, type, { isConst: x.isConst && y.isConst }), binds: BINDS.logic, operator };
        },
      ],
    ]);
  }

  /** Makes a conversion or a bitcast from another scalar type. */
  private convert(type: Shaped, depth: number): Value {
    const { entropy } = this;
    const { scalar, size } = type;
    const from = entropy.pick((['i32', 'u32', 'f32', 'bool'] as const).filter(one => one !== scalar));
    let x = this.shaped(shaped(from, size), depth);
    const isBits = from !== 'bool' && scalar !== 'bool' && from !== 'f32' && scalar !== 'f32' && entropy.chance(50);
    if (isBits) return primary(`bitcast<${nameOf(type)}>(${x.code})`, type, { isConst: x.isConst });
    if (scalar === 'f32' && from !== 'bool') {
      // Larger integers would be rounded.
      const splat = size === 1 ? '' : nameOf(x.type);
      x = { ...x, code: `${atLeast(x, BINDS.unary)} & ${splat}(${from === 'i32' ? '63i' : '63u'})` };
    }
    return primary(`${nameOf(type)}(${x.code})`, type, { isConst: x.isConst });
  }

  private swizzle(type: Shaped, depth: number): Value {
    const { entropy } = this;
    const size = 2 + entropy.below(3);
    const base = this.shaped(shaped(type.scalar, size), depth);
    const letters = entropy.pick(['xyzw', 'rgba']).slice(0, size);
    const chosen = Array.from({ length: type.size }, () => entropy.pick([...letters])).join('');
    return {
      ...base,
      ...primary(`${atLeast(base, BINDS.primary)}.${chosen}`, type),
      bound: base.bound,
      places: base.places,
      isConst: base.isConst,
    };
  }

  /** Makes a component of a vector, or an element of an array, that is not a variable. */
  private element(scalar: Scalar, depth: number): Value {
    const size = 2 + this.entropy.below(3);
    const isArray = this.entropy.chance(50);
    const type: Type = isArray ? { kind: 'array', element: shaped(scalar), count: size } : shaped(scalar, size);
    const base = isArray ? this.construct(type, depth) : this.shaped(type as Shaped, depth);
    const index = this.index(size, depth);
    const { bound, places } = base;
    const isConst = base.isConst && index.isConst;
    return primary(`${atLeast(base, BINDS.primary)}[${index.code}]`, shaped(scalar), { bound, places, isConst });
  }

  /** Makes a call of one of the program's functions; undefined if none fits. */
  call(type: Type, depth: number): Value | undefined {
    const { entropy } = this;
    const candidates = this.around.functions.filter(({ returns }) => isSame(returns, type));
    if (candidates.length === 0) return undefined;
    const code = this.callOf(entropy.pick(candidates), depth);
    return code === undefined ? undefined : primary(code, type);
  }

  callOf({ name, parameters }: FunctionSignature, depth: number): string | undefined {
    const taken = new Set<string>();
    const args: string[] = [];
    for (const { type, space } of parameters) {
      if (!space) {
        args.push(this.value(type, Math.min(depth, 1)).code);
        continue;
      }
      // A call must not get two pointers to the same variable.
      const fits = (one: Variable) =>
        one.isWritable && one.space === space && isSame(one.type, type) && !taken.has(one.code);
      const found = this.scope.all().filter(fits);
      if (found.length === 0) return undefined;
      const { code } = this.entropy.pick(found);
      taken.add(code);
      args.push(code.startsWith('(*') ? code.slice(2, -1) : `&${code}`);
    }
    return `${name}(${args.join(', ')})`;
  }

  private matrix(type: Type & { kind: 'matrix' }, depth: number): Value {
    const { entropy } = this;
    const { columns, rows } = type;
    const matrix = (c: number, r: number) => this.value({ kind: 'matrix', columns: c, rows: r }, depth);
    return entropy.choose<Value>([
      [
        2,
        () => {
          const exact = this.exactly([matrix(columns, rows), matrix(columns, rows)], ([a, b]) => [
            a!.bound + b!.bound,
            KEPT.places,
          ]);
          return this.binary(entropy.pick(['+', '-']), type, exact.values[0]!, exact.values[1]!, exact);
        },
      ],
      [2, () => primary(`transpose(${matrix(rows, columns).code})`, type)],
      [
        2,
        () => {
          const inner = 2 + entropy.below(3);
          return this.binary('*', type, matrix(inner, rows), matrix(columns, inner), {
            bound: inner * 4096,
            places: 6,
          });
        },
      ],
      [
        1,
        () =>
          this.binary('*', type, matrix(columns, rows), this.value(shaped('f32'), depth), { bound: 4096, places: 6 }),
      ],
    ]);
  }

  private matrixTimesVector(type: Shaped, depth: number): Value {
    const inner = 2 + this.entropy.below(3);
    const isLeft = this.entropy.chance(50);
    const [columns, rows] = isLeft ? [inner, type.size] : [type.size, inner];
    const matrix = this.value({ kind: 'matrix', columns, rows }, depth);
    const vector = this.value(shaped('f32', inner), depth);
    const more = { bound: inner * 4096, places: 6 };
    return isLeft ? this.binary('*', type, matrix, vector, more) : this.binary('*', type, vector, matrix, more);
  }

  private builtin(type: Shaped, depth: number): Value {
    const builtin: Builtin = this.entropy.pick(builtinsOf(type));
    return builtin(this, type, depth);
  }
}
