import { U32, vectorType } from '../../check/types.ts';
import type { Builder } from '../../ir/builder.ts';
import type { Node } from '../../ir/node.ts';
import { leaf, makeVector } from '../values/values.ts';
import { argumentOf, type Builtin, expectCount } from './arguments.ts';
import { signedByte, unsignedByte } from './integer.ts';
import { quantizeToF16 } from './numeric.ts';

interface Packing {
  readonly lanes: 2 | 4;
  readonly isSigned: boolean;
}

const highestOf = ({ lanes, isSigned }: Packing) => 2 ** (32 / lanes - Number(isSigned)) - 1;

/** Packs floor(0.5 + highest * clamp(e, low, 1)) of each component, low being 0 or -1. */
function packNormalized(packing: Packing): Builtin {
  return call => {
    expectCount(call, 1);
    const { b } = call;
    const value = argumentOf(call, 0, vectorType(packing.lanes, 'f32'));
    const cut = b.op('f32x4.pmin', b.op('f32x4.pmax', value, b.f32x4(packing.isSigned ? -1 : 0)), b.f32x4(1));
    const scaled = b.op('f32x4.add', b.op('f32x4.mul', cut, b.f32x4(highestOf(packing))), b.f32x4(0.5));
    const whole = b.op('i32x4.trunc_sat_f32x4_s', b.op('f32x4.floor', scaled));
    return leaf(U32, gather(b, whole, packing.lanes));
  };
}

function unpackNormalized(packing: Packing): Builtin {
  return call => {
    expectCount(call, 1);
    const { b } = call;
    const bits = argumentOf(call, 0, U32);
    const fields = Array.from({ length: packing.lanes }, (_, i) => fieldOf(b, bits, i, packing));
    const type = vectorType(packing.lanes, 'f32');
    const whole = makeVector(b, vectorType(packing.lanes, 'i32'), fields).node;
    const scaled = b.op('f32x4.div', b.op('f32x4.convert_i32x4_s', whole), b.f32x4(highestOf(packing)));
    return leaf(type, packing.isSigned ? b.op('f32x4.pmax', scaled, b.f32x4(-1)) : scaled);
  };
}

function fieldOf(b: Builder, bits: Node, index: number, { lanes, isSigned }: Packing): Node {
  if (lanes === 4) return isSigned ? signedByte(b, bits, index) : unsignedByte(b, bits, index);
  const left = b.op('i32.shl', bits, b.i32(16 - 16 * index));
  return b.op(isSigned ? 'i32.shr_s' : 'i32.shr_u', left, b.i32(16));
}

/** Packs the low bits of each lane into one word, the first lane's lowest. */
function gather(b: Builder, vector: Node, lanes: 2 | 4): Node {
  const bits = 32 / lanes;
  return Array.from({ length: lanes }, (_, i) => {
    const low = b.op('i32.and', b.lane('i32x4', vector, i), b.i32(2 ** bits - 1));
    return b.op('i32.shl', low, b.i32(bits * i));
  }).reduce((word, part) => b.op('i32.or', word, part));
}

/** Packs four integers into bytes. Integers out of range lose their high bits or are clamped. */
function packBytes(name: 'wrap' | 'clamp', isSigned: boolean): Builtin {
  return call => {
    expectCount(call, 1);
    const { b } = call;
    let value = argumentOf(call, 0, vectorType(4, isSigned ? 'i32' : 'u32'));
    const sign = isSigned ? 's' : 'u';
    if (name === 'clamp') {
      value = b.op(`i32x4.max_${sign}`, value, b.i32x4(isSigned ? -128 : 0));
      value = b.op(`i32x4.min_${sign}`, value, b.i32x4(isSigned ? 127 : 255));
    }
    return leaf(U32, gather(b, value, 4));
  };
}

function unpackBytes(isSigned: boolean): Builtin {
  return call => {
    expectCount(call, 1);
    const { b } = call;
    const bits = argumentOf(call, 0, U32);
    const fields = [0, 1, 2, 3].map(i => (isSigned ? signedByte(b, bits, i) : unsignedByte(b, bits, i)));
    return makeVector(b, vectorType(4, isSigned ? 'i32' : 'u32'), fields);
  };
}

/**
 * Converts floats to the bits of f16. The exponent biases differ by 112, so the f16 bits are those of the f32 times
 * 2^-112, shifted right by 13. That step does not round, because the value has been quantized before.
 */
function packHalves(b: Builder, vector: Node): Node {
  const value = quantizeToF16(b, vector);
  const sign = b.op('i32x4.shl', b.op('i32x4.shr_u', value, b.i32(31)), b.i32(15));
  const magnitude = b.op('f32x4.abs', value);
  const scaled = b.op('i32x4.shr_u', b.op('f32x4.mul', magnitude, b.f32x4(2 ** -112)), b.i32(13));
  const isSpecial = b.op('i32x4.ge_s', magnitude, b.i32x4(0x7f800000));
  const isNan = b.op('f32x4.ne', value, value);
  const special = b.selectVector(b.i32x4(0x7c00), b.i32x4(0x7e00), isNan);
  return b.op('v128.or', b.selectVector(scaled, special, isSpecial), sign);
}

function unpackHalves(b: Builder, bits: Node): Node {
  const type = vectorType(2, 'u32');
  const halves = makeVector(b, type, [b.op('i32.and', bits, b.i32(0xffff)), b.op('i32.shr_u', bits, b.i32(16))]).node;
  const sign = b.op('i32x4.shl', b.op('i32x4.shr_u', halves, b.i32(15)), b.i32(31));
  const magnitude = b.op('i32x4.shl', b.op('v128.and', halves, b.i32x4(0x7fff)), b.i32(13));
  const isSpecial = b.op('i32x4.ge_s', magnitude, b.i32x4(0x7c00 << 13));
  const finite = b.op('f32x4.mul', magnitude, b.f32x4(2 ** 112));
  const special = b.op('v128.or', magnitude, b.i32x4(0x7f800000));
  return b.op('v128.or', b.selectVector(finite, special, isSpecial), sign);
}

const UNORM8: Packing = { lanes: 4, isSigned: false };
const SNORM8: Packing = { lanes: 4, isSigned: true };
const UNORM16: Packing = { lanes: 2, isSigned: false };
const SNORM16: Packing = { lanes: 2, isSigned: true };

export const packingBuiltins: Readonly<Record<string, Builtin>> = {
  pack4x8unorm: packNormalized(UNORM8),
  pack4x8snorm: packNormalized(SNORM8),
  pack2x16unorm: packNormalized(UNORM16),
  pack2x16snorm: packNormalized(SNORM16),
  unpack4x8unorm: unpackNormalized(UNORM8),
  unpack4x8snorm: unpackNormalized(SNORM8),
  unpack2x16unorm: unpackNormalized(UNORM16),
  unpack2x16snorm: unpackNormalized(SNORM16),
  pack4xI8: packBytes('wrap', true),
  pack4xU8: packBytes('wrap', false),
  pack4xI8Clamp: packBytes('clamp', true),
  pack4xU8Clamp: packBytes('clamp', false),
  unpack4xI8: unpackBytes(true),
  unpack4xU8: unpackBytes(false),
  pack2x16float: call => {
    expectCount(call, 1);
    return leaf(U32, gather(call.b, packHalves(call.b, argumentOf(call, 0, vectorType(2, 'f32'))), 2));
  },
  unpack2x16float: call => {
    expectCount(call, 1);
    return leaf(vectorType(2, 'f32'), unpackHalves(call.b, argumentOf(call, 0, U32)));
  },
};
