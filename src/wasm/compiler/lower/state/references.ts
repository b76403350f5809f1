import { fail, type Position } from '../../../interface/compile_error.ts';
import { strideOf } from '../../check/layout.ts';
import { columnType, scalarType, type Type, typeName } from '../../check/types.ts';
import type { Node } from '../../ir/node.ts';
import type { MemoryReference, Reference, Slot, SlotsReference } from '../values/reference.ts';
import { isLeaf, kindOfLeaf, leaf, nodeOf, partsOf, partTypes, type Value } from '../values/values.ts';
import { insertLane, laneOf } from '../values/vectors.ts';
import { type Context, NeedsMemory } from './context.ts';
import { loadMemory, storeMemory } from './memory.ts';

/** Creates the slots of a variable of this type. */
export function slotsFor(name: string, type: Type): Slot[] {
  if (isLeaf(type)) return [{ name, kind: kindOfLeaf(type), type }];
  return partTypes(type).flatMap((part, i) => slotsFor(`${name}.${i}`, part));
}

function slotCount(type: Type): number {
  return isLeaf(type) ? 1 : partTypes(type).reduce((sum, part) => sum + slotCount(part), 0);
}

export function memberReference(reference: Reference, member: string, position: Position): Reference {
  const { type } = reference;
  const index = type.kind === 'struct' ? type.members.findIndex(({ name }) => name === member) : -1;
  if (type.kind !== 'struct' || index < 0) return fail(position, `${typeName(type)} has no member '${member}'`);
  const found = type.members[index]!;
  if (reference.kind === 'memory') return { ...reference, type: found.type, offset: reference.offset + found.offset };
  if (reference.kind === 'lane') throw new Error('a component has no members');
  return slicePart(reference, index, found.type);
}

/** Returns `reference[index]`, with the index clamped to the array. */
export function elementReference(context: Context, reference: Reference, index: Node, position: Position): Reference {
  const { type } = reference;
  const element = elementType(type, position);
  if (reference.kind === 'lane') throw new Error('a component has no elements');
  if (reference.kind === 'memory') return memoryElement(context, reference, index, element);
  if (type.kind === 'vector')
    return { kind: 'lane', type: element, space: reference.space, vector: reference, lane: index };
  if (context.isChecking) return slicePart(reference, 0, element);
  if (index.op !== 'const') throw new NeedsMemory(reference.declaration);
  const count = elementCountOf(type)!;
  return slicePart(reference, Math.min(index.imm[0]! >>> 0, count - 1), element);
}

export function elementType(type: Type, position: Position): Type {
  if (type.kind === 'array') return type.element;
  if (type.kind === 'matrix') return columnType(type);
  if (type.kind === 'vector') return scalarType(type.scalar);
  return fail(position, `${typeName(type)} cannot be indexed`);
}

export function elementCountOf(type: Type): number | undefined {
  if (type.kind === 'array') return type.count;
  if (type.kind === 'matrix') return type.columns;
  return type.kind === 'vector' ? type.size : undefined;
}

/** Returns the number of elements of a runtime-sized array. */
export function runtimeLength(context: Context, reference: MemoryReference): Node {
  const { b } = context;
  if (reference.type.kind !== 'array' || !reference.length) throw new Error('not a runtime array');
  const bytes = b.add(reference.length, -reference.offset);
  return b.op('i32.div_u', bytes, b.i32(strideOf(reference.type.element)));
}

export function load(context: Context, reference: Reference): Value {
  switch (reference.kind) {
    case 'memory':
      return loadMemory(context, reference);
    case 'lane':
      return leaf(reference.type, laneOf(context.b, load(context, reference.vector), reference.lane));
    case 'slots':
      return loadSlots(context, reference.type, reference.slots);
  }
}

export function store(context: Context, reference: Reference, value: Value): void {
  switch (reference.kind) {
    case 'memory':
      storeMemory(context, reference, value);
      return;
    case 'lane': {
      const vector = load(context, reference.vector);
      store(context, reference.vector, insertLane(context.b, vector, reference.lane, nodeOf(value)));
      return;
    }
    case 'slots':
      storeSlots(context, reference.slots, value);
      return;
  }
}

function loadSlots(context: Context, type: Type, slots: readonly Slot[]): Value {
  if (isLeaf(type)) return leaf(type, context.read(slots[0]!));
  let at = 0;
  const parts = partTypes(type).map(part => {
    const count = slotCount(part);
    at += count;
    return loadSlots(context, part, slots.slice(at - count, at));
  });
  return partsOf(type, parts);
}

export function storeSlots(context: Context, slots: readonly Slot[], value: Value): void {
  for (const [i, node] of leavesOf(value).entries()) context.write(slots[i]!, node);
}

function leavesOf(value: Value): Node[] {
  return value.kind === 'parts' ? value.parts.flatMap(leavesOf) : [nodeOf(value)];
}

function slicePart(reference: SlotsReference, index: number, type: Type): SlotsReference {
  const before = partTypes(reference.type).slice(0, index);
  const start = before.reduce((sum, part) => sum + slotCount(part), 0);
  return { ...reference, type, slots: reference.slots.slice(start, start + slotCount(type)) };
}

function memoryElement(context: Context, reference: MemoryReference, index: Node, element: Type): MemoryReference {
  const { b } = context;
  const { type } = reference;
  const stride = type.kind === 'vector' ? 4 : strideOf(element);
  const count = elementCountOf(type);
  if (count !== undefined && index.op === 'const') {
    const at = Math.min(index.imm[0]! >>> 0, count - 1);
    return { ...reference, type: element, offset: reference.offset + at * stride };
  }
  const last = count === undefined ? b.add(runtimeLength(context, reference), -1) : b.i32(count - 1);
  const inside = b.op('clamp', index, last);
  return { ...reference, type: element, address: b.add(reference.address, b.mul(inside, stride)) };
}
