import { fail } from '../../../interface/compile_error.ts';
import { layOut } from '../../check/layout.ts';
import { BOOL, type StructType, scalarType, typeName } from '../../check/types.ts';
import type { Node } from '../../ir/node.ts';
import type { MemoryReference } from '../values/reference.ts';
import { leaf, partsOf } from '../values/values.ts';
import { argumentOf, type Builtin, type BuiltinCall, expectCount } from './arguments.ts';

interface Atomic {
  readonly scalar: 'i32' | 'u32';
  readonly address: Node;
  readonly offset: number;
}

function atomicOf({ name, args, position }: BuiltinCall): Atomic {
  const [pointer] = args;
  if (pointer?.kind !== 'pointer' || pointer.reference.type.kind !== 'atomic')
    return fail(position, `'${name}' needs a pointer to an atomic`);
  const { type, address, offset } = pointer.reference as MemoryReference & typeof pointer.reference;
  if (type.kind !== 'atomic') throw new Error('not an atomic');
  return { scalar: type.scalar, address, offset };
}

/** Lowers to one WebAssembly instruction, which returns the old value. */
function exchange(operation: string): Builtin {
  return call => {
    expectCount(call, 2);
    const { scalar, address, offset } = atomicOf(call);
    const type = scalarType(scalar);
    const node = call.b.pinned(`i32.atomic.rmw.${operation}`, [address, argumentOf(call, 1, type)], [offset]);
    return leaf(type, node);
  };
}

/** WebAssembly has no atomic min and max, so a loop retries a compare-and-exchange until no other thread interferes. */
function extremum(name: 'min' | 'max'): Builtin {
  return call => {
    expectCount(call, 2);
    const { b, context } = call;
    const { scalar, address, offset } = atomicOf(call);
    const type = scalarType(scalar);
    const operand = argumentOf(call, 1, type);
    const comparison = `i32.${name === 'min' ? 'lt' : 'gt'}_${scalar === 'i32' ? 's' : 'u'}`;
    const block = b.newBlock();
    const result = b.phi('i32', b.region);
    b.append(block);
    b.inside(block.body, () => {
      const loop = b.newLoop();
      b.append(loop);
      b.inside(loop.body, () => {
        const before = b.pinned('i32.atomic.load', [address], [offset]);
        const wanted = b.select(before, operand, b.op(comparison, operand, before));
        const found = b.pinned('i32.atomic.rmw.cmpxchg', [address, before, wanted], [offset]);
        const exit = b.newIf(b.op('i32.eq', found, before));
        b.append(exit);
        b.inside(exit.whenTrue, () => {
          b.copy([[result, before]]);
          b.jump(block);
        });
        b.jump(loop);
      });
    });
    return context.isReachable ? leaf(type, result) : leaf(type, b.i32(0));
  };
}

function compareExchange(call: BuiltinCall) {
  expectCount(call, 3);
  const { b } = call;
  const { scalar, address, offset } = atomicOf(call);
  const type = scalarType(scalar);
  const expected = argumentOf(call, 1, type);
  const args = [address, expected, argumentOf(call, 2, type)];
  const old = b.pinned('i32.atomic.rmw.cmpxchg', args, [offset]);
  const result: StructType = {
    kind: 'struct',
    name: `__atomic_compare_exchange_result<${typeName(type)}>`,
    ...layOut([
      { name: 'old_value', type },
      { name: 'exchanged', type: BOOL },
    ]),
  };
  return partsOf(result, [leaf(type, old), leaf(BOOL, b.op('i32.eq', old, expected))]);
}

export const atomicBuiltins: Readonly<Record<string, Builtin>> = {
  atomicLoad: call => {
    expectCount(call, 1);
    const { scalar, address, offset } = atomicOf(call);
    return leaf(scalarType(scalar), call.b.pinned('i32.atomic.load', [address], [offset]));
  },
  atomicStore: call => {
    expectCount(call, 2);
    const { scalar, address, offset } = atomicOf(call);
    call.b.store('i32.atomic.store', address, argumentOf(call, 1, scalarType(scalar)), [offset]);
    return undefined;
  },
  atomicAdd: exchange('add'),
  atomicSub: exchange('sub'),
  atomicAnd: exchange('and'),
  atomicOr: exchange('or'),
  atomicXor: exchange('xor'),
  atomicExchange: exchange('xchg'),
  atomicMin: extremum('min'),
  atomicMax: extremum('max'),
  atomicCompareExchangeWeak: compareExchange,
};
