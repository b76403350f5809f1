import { isConst, type Node } from './node.ts';
import { bitsOf, floatOf, laneOperations, scalarOperations } from './scalars.ts';

/** The operations of a builder that folding creates nodes with. */
export interface NodeFactory {
  i32(value: number): Node;
  i64(value: number): Node;
  f32(value: number): Node;
  v128(bits: readonly number[]): Node;
  op(name: string, ...operands: (Node | readonly number[])[]): Node;
  selectVector(whenFalse: Node, whenTrue: Node, mask: Node): Node;
  mask(condition: Node): Node;
  lane(type: 'f32x4' | 'i32x4', vector: Node, lane: number): Node;
  shuffle(x: Node, y: Node, lanes: readonly number[]): Node;
}

/** Returns an operation's value if it is known, or an equivalent cheaper operation, or undefined. */
export function fold(b: NodeFactory, op: string, args: readonly Node[], imm: readonly number[]): Node | undefined {
  return foldConstants(b, op, args) ?? foldLanes(b, op, args, imm) ?? foldAlgebra(b, op, args);
}

function foldConstants(b: NodeFactory, op: string, args: readonly Node[]): Node | undefined {
  if (args.length === 0 || !args.every(arg => arg.op === 'const')) return undefined;
  const [x, y] = args as [Node, Node?];
  const scalar = scalarOperations[op];
  if (scalar && x.kind !== 'v128') {
    if (/div|rem/.test(op) && op.startsWith('i32') && y!.imm[0] === 0) return undefined;
    const value = scalar(x.imm[0]!, y?.imm[0] ?? 0);
    return op.startsWith('f32.') && !/^f32\.(eq|ne|lt|gt|le|ge)$/.test(op) ? b.f32(value) : b.i32(value);
  }
  if (op === 'i64.extend_i32_u') return b.i64(x.imm[0]! >>> 0);
  if (op === 'i64.extend_i32_s') return b.i64(x.imm[0]!);
  return x.kind === 'v128' ? foldVector(b, op, args) : undefined;
}

/** Folds a vector operation by applying the scalar operation to each lane. */
function foldVector(b: NodeFactory, op: string, args: readonly Node[]): Node | undefined {
  const [x, y, z] = args.map(arg => arg.imm) as [readonly number[], readonly number[], readonly number[]];
  if (op === 'v128.bitselect') return b.v128(x.map((one, i) => (one & z[i]!) | (y[i]! & ~z[i]!)));
  if (op === 'v128.any_true') return b.i32(Number(x.some(one => one !== 0)));
  if (op === 'i32x4.all_true') return b.i32(Number(x.every(one => one !== 0)));
  const [prefix, suffix] = op.split('.') as [string, string];
  const name = laneOperations[op] ?? op.replace('x4', '');
  const scalar = scalarOperations[name];
  if (!scalar) return undefined;
  const takesFloats = (prefix === 'f32x4' && !suffix.startsWith('convert')) || suffix.startsWith('trunc_sat');
  const isComparison = /^(eq|ne|lt|gt|le|ge)(_[su])?$/.test(suffix);
  const givesFloats = prefix === 'f32x4' && !isComparison;
  const read = (node: Node | undefined, lane: number) => {
    if (!node) return 0;
    if (node.kind !== 'v128') return node.imm[0]!;
    return takesFloats ? floatOf(node.imm[lane]!) : node.imm[lane]!;
  };
  const lanes = [0, 1, 2, 3].map(lane => {
    const value = scalar(read(args[0], lane), read(args[1], lane));
    if (isComparison) return -value;
    return givesFloats ? bitsOf(value) : value | 0;
  });
  return b.v128(lanes);
}

/** Folds operations that build vectors from lanes or take them apart. */
function foldLanes(b: NodeFactory, op: string, args: readonly Node[], imm: readonly number[]): Node | undefined {
  const [x] = args as [Node];
  switch (op) {
    case 'f32x4.extract_lane':
    case 'i32x4.extract_lane':
      return extract(b, op, x, imm[0]!);
    case 'f32x4.make':
    case 'i32x4.make': {
      if (args.every(arg => arg.op === 'const'))
        return b.v128(args.map(arg => (arg.kind === 'f32' ? bitsOf(arg.imm[0]!) : arg.imm[0]!)));
      if (args.every(arg => arg === x)) return b.op(op.replace('make', 'splat'), x);
      const adjacent = foldAdjacentLoads(b, args);
      if (adjacent) return adjacent;
      return foldLanesOfTwo(b, args);
    }
    case 'f32x4.splat':
    case 'i32x4.splat': {
      if (x.op === 'const') return b.v128(Array(4).fill(x.kind === 'f32' ? bitsOf(x.imm[0]!) : x.imm[0]!));
      // On x86, V8 compiles a select of floats to a branch, but a vector select to a mask.
      if (op === 'f32x4.splat' && x.op === 'select') {
        const [whenTrue, whenFalse, condition] = x.args as [Node, Node, Node];
        return b.selectVector(b.op(op, whenFalse), b.op(op, whenTrue), b.mask(condition));
      }
      return undefined;
    }
    case 'f32x4.replace_lane':
    case 'i32x4.replace_lane': {
      const value = args[1]!;
      const type = op.slice(0, 5);
      const isMade = x.op === `${type}.make` || x.op === 'const' || x.op.endsWith('.splat');
      if (!isMade) return undefined;
      const lanes = [0, 1, 2, 3].map(lane => (lane === imm[0] ? value : b.lane(type as 'f32x4', x, lane)));
      return b.op(`${type}.make`, ...lanes);
    }
    case 'shuffle':
      return foldShuffle(b, args as [Node, Node], imm);
    default:
      return undefined;
  }
}

/** Folds four loads of read-only scalars into one vector load if they are adjacent, into two if 8 bytes apart. */
function foldAdjacentLoads(b: NodeFactory, args: readonly Node[]): Node | undefined {
  const [{ op, args: address, imm }] = args as [Node];
  if (op !== 'f32.load' && op !== 'i32.load') return undefined;
  const areApart = (stride: number) =>
    args.every(
      (arg, i) => arg.op === op && !arg.isPinned && arg.args[0] === address[0] && arg.imm[0] === imm[0]! + stride * i,
    );
  const load = (offset: number) => b.op('v128.load', address[0]!, [imm[0]! + offset]);
  if (areApart(4)) return load(0);
  // The second load covers elements 3 to 6, so that nothing past the last scalar is read.
  return areApart(8) ? b.shuffle(load(0), load(12), [0, 2, 5, 7]) : undefined;
}

/** Folds a vector built from components of at most two vectors into a shuffle. */
function foldLanesOfTwo(b: NodeFactory, args: readonly Node[]): Node | undefined {
  const [{ op }] = args as [Node];
  if (!op.endsWith('extract_lane') || args.some(arg => arg.op !== op)) return undefined;
  const [x, y = x, ...more] = new Set(args.map(arg => arg.args[0]!));
  if (more.length > 0) return undefined;
  return b.shuffle(
    x!,
    y!,
    args.map(arg => arg.imm[0]! + (arg.args[0] === x ? 0 : 4)),
  );
}

function extract(b: NodeFactory, op: string, x: Node, lane: number): Node | undefined {
  const isFloat = op.startsWith('f32');
  if (x.op === 'const') return isFloat ? b.f32(floatOf(x.imm[lane]!)) : b.i32(x.imm[lane]!);
  if (x.op.endsWith('.make') || x.op.endsWith('.splat')) {
    const part = x.args[x.args.length === 1 ? 0 : lane]!;
    if (part.kind === (isFloat ? 'f32' : 'i32')) return part;
    return b.op(isFloat ? 'f32.reinterpret_i32' : 'i32.reinterpret_f32', part);
  }
  if (x.op === 'shuffle') {
    const from = x.imm[lane]!;
    return b.op(op, x.args[from >> 2]!, [from & 3]);
  }
  if (x.op.endsWith('replace_lane') && x.imm[0] !== lane) return b.op(op, x.args[0]!, [lane]);
  if (x.op === op.replace('extract', 'replace') && x.imm[0] === lane) return x.args[1]!;
  return undefined;
}

function foldShuffle(b: NodeFactory, [x, y]: [Node, Node], imm: readonly number[]): Node | undefined {
  if (imm.every((from, lane) => from === lane)) return x;
  for (const type of ['f32x4', 'i32x4'] as const) {
    const isParts = (node: Node) => node.op === `${type}.make` || node.op === `${type}.splat`;
    if ((isParts(x) || isParts(y)) && [x, y].every(node => isParts(node) || node.op === 'const')) {
      const lanes = imm.map(from => b.lane(type, from < 4 ? x : y, from & 3));
      return b.op(`${type}.make`, ...lanes);
    }
  }
  if (x.op === 'const' && y.op === 'const') return b.v128(imm.map(from => (from < 4 ? x : y).imm[from & 3]!));
  return undefined;
}

function foldAlgebra(b: NodeFactory, op: string, args: readonly Node[]): Node | undefined {
  const [x, y] = args as [Node, Node];
  if (op === 'select') return foldSelect(args as [Node, Node, Node]);
  if (op === 'clamp') {
    if (isConst(x, 0)) return x;
    return x.op === 'const' && y.op === 'const' ? b.i32(Math.min(x.imm[0]! >>> 0, y.imm[0]! >>> 0) | 0) : undefined;
  }
  if (op === 'i32.eqz') return x.op === 'i32.eqz' && isBoolean(x.args[0]!) ? x.args[0] : undefined;
  if (op === 'i32.reinterpret_f32' && x.op === 'f32.reinterpret_i32') return x.args[0];
  if (op === 'f32.reinterpret_i32' && x.op === 'i32.reinterpret_f32') return x.args[0];
  if (!op.startsWith('i32.')) return undefined;
  const isCommutative = /^i32\.(add|mul|and|or|xor|eq|ne)$/.test(op);
  if (isCommutative && x.op === 'const' && y.op !== 'const') return b.op(op, y, x);
  if (op === 'i32.sub') {
    if (x === y) return b.i32(0);
    return y.op === 'const' ? b.op('i32.add', x, b.i32(-y.imm[0]! | 0)) : undefined;
  }
  if (y?.op !== 'const') return foldSums(b, op, x, y);
  return constantRules[op.slice('i32.'.length)]?.(b, x, y, y.imm[0]!);
}

/** Simplifies an operation whose second operand y is a constant with this value; undefined if it cannot. */
type ConstantRule = (b: NodeFactory, x: Node, y: Node, value: number) => Node | undefined;

/** The rules by operation, without its prefix `i32.`. */
const constantRules: Readonly<Record<string, ConstantRule>> = {
  add: (b, x, y, value) => {
    if (value === 0) return x;
    return isSumWithConstant(x) ? b.op('i32.add', x.args[0]!, b.op('i32.add', x.args[1]!, y)) : undefined;
  },
  mul: (b, x, y, value) => {
    if (value === 0) return y;
    const log = exactLog2(value);
    return log === undefined ? distribute(b, 'i32.mul', x, y) : b.op('i32.shl', x, b.i32(log));
  },
  shl: (b, x, y, value) => {
    const amount = value & 31;
    if (amount === 0) return x;
    const before = x.op === 'i32.shl' && x.args[1]!.op === 'const' ? x.args[1]!.imm[0]! & 31 : 32;
    if (before + amount < 32) return b.op('i32.shl', x.args[0]!, b.i32(before + amount));
    return distribute(b, 'i32.shl', x, y);
  },
  shr_u: (_b, x, _y, value) => ((value & 31) === 0 ? x : undefined),
  shr_s: (_b, x, _y, value) => ((value & 31) === 0 ? x : undefined),
  div_u: (b, x, _y, value) => {
    const log = exactLog2(value);
    return log === undefined ? undefined : b.op('i32.shr_u', x, b.i32(log));
  },
  rem_u: (b, x, _y, value) => (exactLog2(value) === undefined ? undefined : b.op('i32.and', x, b.i32((value - 1) | 0))),
  div_s: (_b, x, _y, value) => (value === 1 ? x : undefined),
  and: (_b, x, y, value) => {
    if (value === 0) return y;
    return value === -1 || (value === 1 && isBoolean(x)) ? x : undefined;
  },
  or: (_b, x, y, value) => {
    if (value === 1 && isBoolean(x)) return y;
    return value === 0 ? x : undefined;
  },
  xor: (_b, x, _y, value) => (value === 0 ? x : undefined),
  ne: (_b, x, _y, value) => (value === 0 && isBoolean(x) ? x : undefined),
  lt_u: (b, _x, _y, value) => (value === 0 ? b.i32(0) : undefined),
  ge_u: (b, _x, _y, value) => (value === 0 ? b.i32(1) : undefined),
};

/** Returns the exponent if a u32 is a power of two. */
function exactLog2(value: number): number | undefined {
  const log = Math.log2(value >>> 0);
  return Number.isInteger(log) ? log : undefined;
}

/** Rewrites (x + c) + y as (x + y) + c, so that constants move outwards and can be combined. */
function foldSums(b: NodeFactory, op: string, x: Node, y: Node): Node | undefined {
  if (op === 'i32.add') {
    if (isSumWithConstant(x)) return b.op(op, b.op(op, x.args[0]!, y), x.args[1]!);
    if (isSumWithConstant(y)) return b.op(op, b.op(op, x, y.args[0]!), y.args[1]!);
    return undefined;
  }
  if (x !== y) return undefined;
  if (op === 'i32.and' || op === 'i32.or') return x;
  return op === 'i32.xor' ? b.i32(0) : undefined;
}

function distribute(b: NodeFactory, op: string, x: Node, y: Node): Node | undefined {
  return isSumWithConstant(x) ? b.op('i32.add', b.op(op, x.args[0]!, y), b.op(op, x.args[1]!, y)) : undefined;
}

function foldSelect([whenTrue, whenFalse, condition]: [Node, Node, Node]): Node | undefined {
  if (condition.op === 'const') return condition.imm[0] !== 0 ? whenTrue : whenFalse;
  if (whenTrue === whenFalse) return whenTrue;
  const isChoice = whenTrue.kind === 'i32' && isConst(whenTrue, 1) && isConst(whenFalse, 0);
  return isChoice && isBoolean(condition) ? condition : undefined;
}

function isSumWithConstant(node: Node): boolean {
  return node.op === 'i32.add' && node.args[1]!.op === 'const';
}

/** Returns whether a node is known to be 0 or 1. */
function isBoolean(node: Node): boolean {
  if (/\.(eqz|eq|ne|lt|gt|le|ge)(_[su])?$/.test(node.op) && node.kind === 'i32') return true;
  if (node.op === 'v128.any_true' || node.op === 'i32x4.all_true') return true;
  if (node.op === 'i32.and') return node.args.some(isBoolean);
  if (node.op === 'i32.or' || node.op === 'i32.xor') return node.args.every(isBoolean);
  if (node.op === 'const') return node.kind === 'i32' && (node.imm[0] === 0 || node.imm[0] === 1);
  return node.op === 'select' && isBoolean(node.args[0]!) && isBoolean(node.args[1]!);
}
