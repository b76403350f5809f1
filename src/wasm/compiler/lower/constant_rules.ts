import { scalarOf, type Type } from '../check/types.ts';
import { fail, type Position } from '../errors.ts';
import { isConst } from '../ir/node.ts';
import { floatOf } from '../ir/scalars.ts';
import type { Value } from './values.ts';

/** The numbers in a value, in order; undefined where it is not known. */
export function numbersOf(value: Value): number[] | undefined {
  if (value.kind === 'abstract') return [value.number];
  if (value.kind === 'pointer') return undefined;
  if (value.kind === 'parts') {
    const parts = value.parts.map(numbersOf);
    return parts.every(part => part !== undefined) ? parts.flat() : undefined;
  }
  const { node, type } = value;
  if (!isConst(node)) return undefined;
  const scalar = scalarOf(type);
  if (node.kind !== 'v128') return [scalar === 'u32' ? node.imm[0]! >>> 0 : node.imm[0]!];
  const read = (bits: number) => (scalar === 'f32' ? floatOf(bits) : scalar === 'u32' ? bits >>> 0 : bits);
  return node.imm.slice(0, sizeOf(type)).map(read);
}

function sizeOf(type: Type): number {
  return type.kind === 'vector' ? type.size : 1;
}

/** A const-expression is finite. */
export function checkFinite(value: Value, position: Position): void {
  if (scalarOf(value.type) !== 'f32') return;
  const wrong = numbersOf(value)?.find(number => !Number.isFinite(number));
  if (wrong !== undefined) fail(position, `the constant expression's value is ${wrong}`);
}

export interface Operands {
  readonly left: Value;
  readonly right: Value;
  /** Whether they are known before the kernel runs, by WGSL's rules. */
  readonly isLeftEarly: boolean;
  readonly isRightEarly: boolean;
}

/** What WGSL forbids of operands that are known before the kernel runs. */
export function checkOperands(operator: string, operands: Operands, position: Position): void {
  const { left, right, isLeftEarly, isRightEarly } = operands;
  if (!isRightEarly || scalarOf(right.type) === 'f32' || scalarOf(right.type) === 'abstract-float') return;
  const amounts = numbersOf(right);
  const values = isLeftEarly ? numbersOf(left) : undefined;
  if (!amounts) return;
  const isAny = (holds: (value: number, amount: number) => boolean) =>
    values !== undefined &&
    Array.from({ length: Math.max(values.length, amounts.length) }).some((_, i) =>
      holds(values[values.length === 1 ? 0 : i]!, amounts[amounts.length === 1 ? 0 : i]!),
    );
  const scalar = scalarOf(left.type);
  if (operator === '/' || operator === '%') {
    if (scalar === 'f32' || scalar === 'abstract-float') return;
    if (amounts.includes(0)) fail(position, 'division by zero');
    if (scalar === 'i32' && isAny((x, y) => x === -(2 ** 31) && y === -1))
      fail(position, '-2147483648 by -1 cannot be represented as i32');
  }
  if ((operator === '<<' || operator === '>>') && (scalar === 'i32' || scalar === 'u32')) {
    if (amounts.some(amount => amount > 31)) fail(position, `a shift by ${Math.max(...amounts)}, of 32 bits`);
    const kept = (x: number, y: number) => (scalar === 'i32' ? (x << y) >> y : (x << y) >>> y);
    if (operator === '<<' && isAny((x, y) => kept(x, y) !== x)) fail(position, 'the shift loses bits');
  }
}

const LARGEST_F16 = 65504;

/** What WGSL forbids of a builtin's arguments: those that are known before the kernel runs, others are undefined. */
export function checkArguments(name: string, args: readonly (Value | undefined)[], position: Position): void {
  const numbers = args.map(arg => arg && numbersOf(arg));
  const at = (index: number) => numbers.at(index);
  const [low, high] = [at(-2), at(-1)];
  const pairs = (x: readonly number[], y: readonly number[]) => x.map((one, i) => [one, y[i] ?? y[0]!] as const);
  switch (name) {
    case 'clamp':
      if (low && high && pairs(low, high).some(([from, to]) => from > to))
        fail(position, "'clamp' has its limits the wrong way round");
      return;
    case 'smoothstep':
      if (at(0) && at(1) && pairs(at(0)!, at(1)!).some(([from, to]) => from === to))
        fail(position, "'smoothstep' between equal limits");
      return;
    case 'extractBits':
    case 'insertBits':
      if (low && high && low[0]! + high[0]! > 32) fail(position, `'${name}' reaches past 32 bits`);
      return;
    case 'ldexp':
      if (high?.some(exponent => exponent > 128)) fail(position, "'ldexp' takes exponents up to 128");
      return;
    case 'quantizeToF16':
    case 'pack2x16float':
      if (high?.some(x => Math.abs(x) > LARGEST_F16)) fail(position, `'${name}' takes what an f16 can be`);
  }
}
