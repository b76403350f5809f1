import type { Builder } from '../ir/builder.ts';
import { type Node, Region, regionsOf, resolve, type Statement, type StoreStatement } from '../ir/node.ts';

/** Four stores of a vector's components to neighbouring addresses become one, where all four lie inside. */
export function mergeStores(b: Builder): void {
  mergeIn(b, b.root);
}

function mergeIn(b: Builder, region: Region): void {
  for (let i = 0; i < region.statements.length; i++) {
    for (const inner of regionsOf(region.statements[i]!)) mergeIn(b, inner);
    const four = region.statements.slice(i, i + 4);
    const merged = four.length === 4 && four.every(isScalarStore) && merge(b, region, four);
    if (merged) region.statements.splice(i, 4, merged);
  }
}

function isScalarStore(statement: Statement): statement is StoreStatement {
  return statement.kind === 'store' && (statement.op === 'f32.store' || statement.op === 'i32.store');
}

function merge(b: Builder, region: Region, four: readonly StoreStatement[]): Statement | undefined {
  const vector = vectorOf(four);
  if (!vector) return undefined;
  const [{ address, imm }] = four as [StoreStatement];
  const store = (to: Node): StoreStatement => ({ kind: 'store', op: 'v128.store', address: to, value: vector, imm });
  if (four.every((one, lane) => one.address === address && one.imm[0] === imm[0]! + 4 * lane)) return store(address);
  const places = four.map(one => elementOf(one.address));
  const [first] = places;
  if (!first || four.some(one => one.imm[0] !== imm[0])) return undefined;
  const { base, index, last } = first;
  const isNeighbour = (place: Element | undefined, lane: number) =>
    place?.base === base && place.last === last && place.index === b.add(index, lane);
  if (!places.every(isNeighbour)) return undefined;
  const three = b.i32(3);
  const isInside = b.op(
    'i32.and',
    b.op('i32.ge_u', last, three),
    b.op('i32.le_u', index, b.op('i32.sub', last, three)),
  );
  const [whenTrue, whenFalse] = [new Region(region), new Region(region)];
  whenTrue.statements.push(store(b.add(base, b.op('i32.shl', index, b.i32(2)))));
  whenFalse.statements.push(...four);
  return { kind: 'if', condition: isInside, whenTrue, whenFalse };
}

/** The vector whose components are stored, in their order. */
function vectorOf(four: readonly StoreStatement[]): Node | undefined {
  const vector = resolve(four[0]!.value).args[0];
  const isLane = ({ value }: StoreStatement, lane: number) => {
    const { op, args, imm } = resolve(value);
    return op.endsWith('extract_lane') && args[0] === vector && imm[0] === lane;
  };
  return vector?.kind === 'v128' && four.every(isLane) ? vector : undefined;
}

interface Element {
  readonly base: Node;
  readonly index: Node;
  readonly last: Node;
}

/** An address as that of an array's element, its index held inside: base + 4 * min(index, last). */
function elementOf(address: Node): Element | undefined {
  if (address.op !== 'i32.add') return undefined;
  const [base, scaled] = address.args.map(resolve) as [Node, Node];
  if (scaled.op !== 'i32.shl' || scaled.args[1]!.imm[0] !== 2) return undefined;
  const inside = resolve(scaled.args[0]!);
  if (inside.op !== 'clamp') return undefined;
  const [index, last] = inside.args.map(resolve) as [Node, Node];
  return { base, index, last };
}
