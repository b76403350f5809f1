import type { Builder } from '../ir/builder.ts';
import { isConst, type Node, Region, regionsOf, resolve, type Statement, type StoreStatement } from '../ir/node.ts';

/**
 * Merges four stores of a vector's components to adjacent addresses into one, and puts consecutive vector stores behind
 * a single bounds check. If it passes, the stored values are computed with one vector load in place of four adjacent
 * scalar loads; otherwise the original stores run, which clamp each index.
 *
 * Adjacent loads and stores share an address and differ in their offsets, so that V8 can fuse pairs of them into
 * 256-bit operations.
 */
export function mergeStores(b: Builder): void {
  mergeIn(b, b.root);
}

/** The most vectors behind one check: a row of 16 pixels has four. */
const MOST_VECTORS = 4;

function mergeIn(b: Builder, region: Region): void {
  const { statements } = region;
  for (let i = 0; i < statements.length; i++) {
    for (const inner of regionsOf(statements[i]!)) mergeIn(b, inner);
    const whole = oneAddress(statements.slice(i, i + 4));
    if (whole) statements.splice(i, 4, whole);
    const row = rowFrom(statements, i);
    if (row)
      statements.splice(
        i,
        row.reduce((sum, { from }) => sum + from.length, 0),
        merged(b, region, row),
      );
  }
}

/** Merges four component stores with one address and adjacent offsets. Each is in bounds, so the vector is too. */
function oneAddress(four: readonly Statement[]): StoreStatement | undefined {
  const vector = vectorOf(four);
  if (!vector) return undefined;
  const [first] = four as [StoreStatement];
  const { address, imm } = first;
  const isNext = (one: StoreStatement, lane: number) => one.address === address && one.imm[0] === imm[0]! + 4 * lane;
  return (four as StoreStatement[]).every(isNext) ? { ...first, op: 'v128.store', value: vector } : undefined;
}

/** A store of 16 bytes to an array, written as one statement or as four. */
interface VectorStore {
  readonly from: readonly StoreStatement[];
  readonly vector: Node;
  readonly place: Place;
}

/** Returns the consecutive vector stores from `start` on, if merging them gains anything. */
function rowFrom(statements: readonly Statement[], start: number): VectorStore[] | undefined {
  const row: VectorStore[] = [];
  for (let i = start; row.length < MOST_VECTORS; i += row.at(-1)!.from.length) {
    const next = vectorStoreAt(statements, i);
    if (!next || (row.length > 0 && distance(row[0]!.place, next.place) !== 16 * row.length)) break;
    row.push(next);
  }
  return row.length > 1 || row[0]?.from.length === 4 ? row : undefined;
}

function vectorStoreAt(statements: readonly Statement[], i: number): VectorStore | undefined {
  const one = statements[i];
  if (one?.kind !== 'store') return undefined;
  if (one.op === 'v128.store') {
    const place = placeOf(one.address, one.imm[0]!);
    return place && { from: [one], vector: resolve(one.value), place };
  }
  const four = statements.slice(i, i + 4) as StoreStatement[];
  const vector = vectorOf(four);
  const place = vector && neighbours(four.map(each => placeOf(each.address, each.imm[0]!)));
  return place && { from: four, vector, place };
}

function merged(b: Builder, region: Region, row: readonly VectorStore[]): Statement {
  const inside = new Inside(b);
  const values = row.map(({ vector }) => withWideLoads(b, vector, inside));
  const whenTrue = new Region(region);
  const whenFalse = new Region(region);
  row.forEach(({ place }, i) => {
    const { address, offset } = inside.at(place);
    whenTrue.statements.push({ kind: 'store', op: 'v128.store', address, value: values[i]!, imm: [offset] });
  });
  whenFalse.statements.push(...row.flatMap(({ from }) => from));
  return { kind: 'if', condition: inside.condition(), whenTrue, whenFalse };
}

/** How deep to search a stored value for loads. */
const DEPTH = 8;

/** Copies a value with four adjacent scalar loads replaced by one vector load. */
function withWideLoads(b: Builder, value: Node, inside: Inside, depth = DEPTH): Node {
  const node = resolve(value);
  if (node.kind !== 'v128' || node.isPinned || node.args.length === 0 || depth === 0) return node;
  const parts = node.args.map(resolve);
  if (node.op === 'f32x4.make' && parts.every(part => part.op === 'f32.load' && !part.isPinned)) {
    const place = neighbours(parts.map(part => placeOf(resolve(part.args[0]!), part.imm[0]!)));
    if (place) {
      const { address, offset } = inside.at(place);
      return b.op('v128.load', address, [offset]);
    }
  }
  const args = parts.map(part => withWideLoads(b, part, inside, depth - 1));
  return args.every((arg, i) => arg === parts[i]) ? node : b.op(node.op, ...args, node.imm);
}

/** An array element with a clamped index, at address base + (min(index, last) << shift) + offset. */
interface Place {
  readonly base: Node;
  readonly index: Node;
  readonly last: Node;
  readonly shift: number;
  readonly offset: number;
}

/** Collects 16-byte array accesses that one check covers. Accesses near one another share the address of the first. */
class Inside {
  private readonly spans: { readonly first: Place; bytes: number }[] = [];

  constructor(private readonly b: Builder) {}

  /** Adds a vector's place and returns its address, whose index is not clamped. */
  at(place: Place): { address: Node; offset: number } {
    const { b, spans } = this;
    const isNear = (bytes: number) => bytes >= 0 && bytes < 16 * MOST_VECTORS;
    let span = spans.find(({ first }) => isNear(distance(first, place)));
    if (!span) {
      span = { first: place, bytes: 0 };
      spans.push(span);
    }
    const { base, index, shift, offset } = span.first;
    const beyond = distance(span.first, place);
    span.bytes = Math.max(span.bytes, beyond + 16);
    return { address: b.add(base, b.op('i32.shl', index, b.i32(shift))), offset: offset + beyond };
  }

  condition(): Node {
    const { b } = this;
    const checks = this.spans.map(({ first: { index, last, shift }, bytes }) => {
      const others = b.i32((bytes >> shift) - 1);
      return b.op('i32.and', b.op('i32.ge_u', last, others), b.op('i32.le_u', index, b.op('i32.sub', last, others)));
    });
    return checks.reduce((all, one) => (all === one ? all : b.op('i32.and', all, one)));
  }
}

/** Returns the bytes from one place to another of the same array, or NaN if they are not known. */
function distance(from: Place, to: Place): number {
  if (from.base !== to.base || from.last !== to.last || from.shift !== to.shift || from.offset !== to.offset)
    return NaN;
  const [x, y] = [from.index, to.index].map(index =>
    index.op === 'i32.add' && isConst(index.args[1]!)
      ? { root: resolve(index.args[0]!), constant: index.args[1]!.imm[0]! }
      : { root: index, constant: 0 },
  ) as [{ root: Node; constant: number }, { root: Node; constant: number }];
  return x.root === y.root ? (y.constant - x.constant) * 2 ** from.shift : NaN;
}

/** Returns the first of four places if each is 4 bytes after the one before. */
function neighbours(places: readonly (Place | undefined)[]): Place | undefined {
  const [first] = places;
  return first && places.every((place, lane) => place && distance(first, place) === 4 * lane) ? first : undefined;
}

/** Returns the vector whose four components are stored in order. */
function vectorOf(four: readonly Statement[]): Node | undefined {
  if (four.length < 4 || !four.every(isScalarStore)) return undefined;
  const vector = resolve(four[0]!.value).args[0];
  const isLane = ({ value }: StoreStatement, lane: number) => {
    const { op, args, imm } = resolve(value);
    return op.endsWith('extract_lane') && args[0] === vector && imm[0] === lane;
  };
  return vector?.kind === 'v128' && four.every(isLane) ? vector : undefined;
}

function isScalarStore(statement: Statement): statement is StoreStatement {
  return statement.kind === 'store' && (statement.op === 'f32.store' || statement.op === 'i32.store');
}

/** Recognises the address of an array element of at most 16 bytes. */
function placeOf(address: Node, offset: number): Place | undefined {
  if (address.op !== 'i32.add') return undefined;
  const [base, scaled] = address.args.map(resolve) as [Node, Node];
  if (scaled.op !== 'i32.shl' || !isConst(scaled.args[1]!)) return undefined;
  const shift = scaled.args[1]!.imm[0]!;
  const inside = resolve(scaled.args[0]!);
  if (inside.op !== 'clamp' || shift > 4) return undefined;
  const [index, last] = inside.args.map(resolve) as [Node, Node];
  return { base, index, last, shift, offset };
}
