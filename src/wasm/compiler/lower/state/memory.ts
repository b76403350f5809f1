import { strideOf } from '../../check/layout.ts';
import { columnType, type Type } from '../../check/types.ts';
import type { Node } from '../../ir/node.ts';
import type { MemoryReference } from '../values/reference.ts';
import { isLeaf, kindOfLeaf, leaf, nodeOf, partsOf, partTypes, type Value } from '../values/values.ts';
import type { Context } from './context.ts';

/** Returns the byte offsets of a type's parts. */
function partOffsets(type: Type): number[] {
  if (type.kind === 'struct') return type.members.map(member => member.offset);
  const stride =
    type.kind === 'matrix' ? strideOf(columnType(type)) : type.kind === 'array' ? strideOf(type.element) : 4;
  return partTypes(type).map((_, i) => i * stride);
}

export function loadMemory(context: Context, reference: MemoryReference): Value {
  const { type } = reference;
  if (isLeaf(type)) {
    const node = loadLeaf(context, reference, type);
    return leaf(type, isBools(type) ? context.b.op('i32x4.neg', node) : node);
  }
  const offsets = partOffsets(type);
  const parts = partTypes(type).map((part, i) =>
    loadMemory(context, { ...reference, type: part, offset: reference.offset + offsets[i]! }),
  );
  return partsOf(type, parts);
}

export function storeMemory(context: Context, reference: MemoryReference, value: Value): void {
  const { type } = reference;
  if (isLeaf(type)) {
    const node = nodeOf(value);
    storeLeaf(context, reference, type, isBools(type) ? context.b.op('v128.and', node, context.b.i32x4(1)) : node);
    return;
  }
  if (value.kind !== 'parts') throw new Error('a composite has parts');
  const offsets = partOffsets(type);
  partTypes(type).forEach((part, i) => {
    storeMemory(context, { ...reference, type: part, offset: reference.offset + offsets[i]! }, value.parts[i]!);
  });
}

/** Returns whether a type is a vector of bools. In memory its components are 0 or 1, so they can be read as scalars. */
function isBools(type: Type): boolean {
  return type.kind === 'vector' && type.scalar === 'bool';
}

function loadLeaf(context: Context, { address, offset, isReadOnly }: MemoryReference, type: Type): Node {
  const { b } = context;
  const read = (op: string, args: Node[], imm: number[]) =>
    isReadOnly ? b.op(op, ...args, imm) : b.pinned(op, args, imm);
  if (type.kind !== 'vector') return read(`${kindOfLeaf(type)}.load`, [address], [offset]);
  if (type.size === 4) return read('v128.load', [address], [offset]);
  const low = read('v128.load64_zero', [address], [offset]);
  // A vec3 is not loaded as 16 bytes, because the last four may be outside the binding.
  return type.size === 2 ? low : read('v128.load32_lane', [address, low], [offset + 8, 2]);
}

function storeLeaf(context: Context, { address, offset }: MemoryReference, type: Type, value: Node): void {
  const { b } = context;
  if (type.kind !== 'vector') b.store(`${kindOfLeaf(type)}.store`, address, value, [offset]);
  else if (type.size === 4) b.store('v128.store', address, value, [offset]);
  else {
    b.store('v128.store64_lane', address, value, [offset, 0]);
    if (type.size === 3) b.store('v128.store32_lane', address, value, [offset + 8, 2]);
  }
}
