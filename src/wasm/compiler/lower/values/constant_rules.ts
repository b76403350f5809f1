import { fail, type Position } from '../../../interface/compile_error.ts';
import { scalarOf, type Type } from '../../check/types.ts';
import { isConst } from '../../ir/node.ts';
import { floatOf } from '../../ir/scalars.ts';
import type { Value } from './values.ts';

/** Returns the numbers in a value, in order, or undefined if the value is not constant. */
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

/** Rejects a constant value that is not finite. */
export function checkFinite(value: Value, position: Position): void {
  if (scalarOf(value.type) !== 'f32') return;
  const wrong = numbersOf(value)?.find(number => !Number.isFinite(number));
  if (wrong !== undefined) fail(position, `the constant expression must be finite, got ${wrong}`);
}

export interface Operands {
  readonly left: Value;
  readonly right: Value;
  /** Whether each operand is known before the kernel runs, by WGSL's rules. */
  readonly isLeftEarly: boolean;
  readonly isRightEarly: boolean;
}

/** Applies WGSL's rules for operands that are known before the kernel runs. */
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
      fail(position, '-2147483648 divided by -1 cannot be represented as i32');
  }
  if ((operator === '<<' || operator === '>>') && (scalar === 'i32' || scalar === 'u32')) {
    if (amounts.some(amount => amount > 31))
      fail(position, `the shift amount must be below 32, got ${Math.max(...amounts)}`);
    const kept = (x: number, y: number) => (scalar === 'i32' ? (x << y) >> y : (x << y) >>> y);
    if (operator === '<<' && isAny((x, y) => kept(x, y) !== x)) fail(position, `the shift overflows ${scalar}`);
  }
}

const LARGEST_F16 = 65504;

/** Applies WGSL's rules for builtin arguments that are known before the kernel runs; the others are undefined. */
export function checkArguments(name: string, args: readonly (Value | undefined)[], position: Position): void {
  const numbers = args.map(arg => arg && numbersOf(arg));
  const at = (index: number) => numbers.at(index);
  const [low, high] = [at(-2), at(-1)];
  const pairs = (x: readonly number[], y: readonly number[]) => x.map((one, i) => [one, y[i] ?? y[0]!] as const);
  switch (name) {
    case 'clamp':
      if (low && high && pairs(low, high).some(([from, to]) => from > to)) fail(position, "'clamp' needs low <= high");
      return;
    case 'smoothstep':
      if (at(0) && at(1) && pairs(at(0)!, at(1)!).some(([from, to]) => from === to))
        fail(position, "'smoothstep' needs low != high");
      return;
    case 'extractBits':
    case 'insertBits':
      if (low && high && low[0]! + high[0]! > 32) fail(position, `'${name}' needs offset + count <= 32`);
      return;
    case 'ldexp':
      if (high?.some(exponent => exponent > 128)) fail(position, "'ldexp' needs an exponent of at most 128");
      return;
    case 'quantizeToF16':
    case 'pack2x16float':
      if (high?.some(x => Math.abs(x) > LARGEST_F16)) fail(position, `'${name}' needs values within the range of f16`);
  }
}
