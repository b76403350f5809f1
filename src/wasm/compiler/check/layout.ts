import { columnType, type StructMember, type Type } from './types.ts';

/** Returns the size of a type in WGSL's memory layout, in bytes. A runtime-sized array counts one element. */
export function sizeOf(type: Type): number {
  switch (type.kind) {
    case 'scalar':
    case 'atomic':
      return 4;
    case 'vector':
      return type.size * 4;
    case 'matrix':
      return type.columns * strideOf(columnType(type));
    case 'array':
      return (type.count ?? 1) * strideOf(type.element);
    case 'struct':
      return type.size;
    default:
      throw new Error(`${type.kind} has no size`);
  }
}

function alignOf(type: Type): number {
  switch (type.kind) {
    case 'vector':
      return type.size === 2 ? 8 : 16;
    case 'matrix':
      return alignOf(columnType(type));
    case 'array':
      return alignOf(type.element);
    case 'struct':
      return type.align;
    default:
      return 4;
  }
}

/** Returns the stride of an array with this element type, in bytes. */
export function strideOf(element: Type): number {
  return roundUp(alignOf(element), sizeOf(element));
}

function roundUp(multiple: number, value: number): number {
  return Math.ceil(value / multiple) * multiple;
}

export interface MemberLayout {
  readonly name: string;
  readonly type: Type;
  readonly align?: number;
  readonly size?: number;
}

export function layOut(members: readonly MemberLayout[]): { members: StructMember[]; align: number; size: number } {
  let offset = 0;
  let align = 1;
  const placed = members.map(({ name, type, align: wantedAlign, size }) => {
    const memberAlign = wantedAlign ?? alignOf(type);
    align = Math.max(align, memberAlign);
    const member = { name, type, offset: roundUp(memberAlign, offset) };
    offset = member.offset + (size ?? sizeOf(type));
    return member;
  });
  return { members: placed, align, size: roundUp(align, offset) };
}
