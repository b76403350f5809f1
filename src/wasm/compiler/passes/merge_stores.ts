import type { Builder } from '../ir/builder.ts';
import { type Node, Region, regionsOf, resolve, type Statement, type StoreStatement } from '../ir/node.ts';

/**
 * Four stores of a vector's components to neighbouring addresses become one, where all four lie inside. There the vector
 * is computed anew, with one load for each four neighbouring ones that it is made from.
 */
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
  const store = (to: Node, value: Node): StoreStatement => ({
    kind: 'store',
    op: 'v128.store',
    address: to,
    value,
    imm,
  });
  if (four.every((one, lane) => one.address === address && one.imm[0] === imm[0]! + 4 * lane))
    return store(address, vector);
  const place = neighbours(
    b,
    four.map(one => one.address),
  );
  if (!place || four.some(one => one.imm[0] !== imm[0])) return undefined;
  const loads = new WideLoads(b);
  const value = loads.in(vector);
  const [whenTrue, whenFalse] = [new Region(region), new Region(region)];
  whenTrue.statements.push(store(addressOf(b, place), value));
  whenFalse.statements.push(...four);
  const condition = [place, ...loads.places]
    .map(each => isInside(b, each))
    .reduce((all, each) => (all === each ? all : b.op('i32.and', all, each)));
  return { kind: 'if', condition, whenTrue, whenFalse };
}

/** How far down a stored value is looked through for loads. */
const DEPTH = 8;

/** Copies of values with four neighbouring loads as one; `places` are where they must lie inside. */
class WideLoads {
  readonly places: Element[] = [];

  constructor(private readonly b: Builder) {}

  in(value: Node, depth = DEPTH): Node {
    const { b } = this;
    const node = resolve(value);
    if (node.kind !== 'v128' || node.isPinned || node.args.length === 0 || depth === 0) return node;
    const wide = node.op === 'f32x4.make' ? this.load(node.args.map(resolve)) : undefined;
    if (wide) return wide;
    const args = node.args.map(arg => this.in(arg, depth - 1));
    return args.every((arg, i) => arg === resolve(node.args[i]!)) ? node : b.op(node.op, ...args, node.imm);
  }

  private load(parts: readonly Node[]): Node | undefined {
    const { b } = this;
    const [{ imm }] = parts as [Node];
    if (parts.some(part => part.op !== 'f32.load' || part.isPinned || part.imm[0] !== imm[0])) return undefined;
    const place = neighbours(
      b,
      parts.map(part => resolve(part.args[0]!)),
    );
    if (!place) return undefined;
    this.places.push(place);
    return b.op('v128.load', addressOf(b, place), imm);
  }
}

/** The first of four addresses of neighbouring elements of an array. */
function neighbours(b: Builder, addresses: readonly Node[]): Element | undefined {
  const places = addresses.map(elementOf);
  const [first] = places;
  if (!first) return undefined;
  const { base, index, last } = first;
  const isNeighbour = (place: Element | undefined, lane: number) =>
    place?.base === base && place.last === last && place.index === b.add(index, lane);
  return places.every(isNeighbour) ? first : undefined;
}

function addressOf(b: Builder, { base, index }: Element): Node {
  return b.add(base, b.op('i32.shl', index, b.i32(2)));
}

/** Whether four elements from this one on lie in the array. */
function isInside(b: Builder, { index, last }: Element): Node {
  const three = b.i32(3);
  return b.op('i32.and', b.op('i32.ge_u', last, three), b.op('i32.le_u', index, b.op('i32.sub', last, three)));
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
