import { U32 } from '../check/types.ts';
import type { Node } from '../ir/node.ts';
import type { Context } from './state/context.ts';
import { loop } from './state/flow.ts';
import type { Slot } from './values/reference.ts';

export type Triple = readonly [Node, Node, Node];

/** An invocation's position in its workgroup. */
export interface Invocation {
  readonly local: Triple;
  /** The linear index: x + y * width + z * width * height. */
  readonly index: Node;
}

/** Lowers the loop `for (index = first; index < end; index++)`. `slots` are the variables that its body may assign. */
export function countTo(
  context: Context,
  { first, end, slots = [] }: { first: Node; end: Node; slots?: readonly Slot[] },
  body: (index: Node) => void,
): void {
  const { b } = context;
  const slot: Slot = { name: 'index', kind: 'i32', type: U32 };
  context.write(slot, first);
  loop(context, {
    slots: [slot, ...slots],
    condition: () => b.op('i32.lt_u', context.read(slot), end),
    body: () => {
      const index = context.read(slot);
      body(index);
      context.write(slot, b.add(index, 1));
    },
  });
  context.env?.delete(slot);
}

/** Loops over the invocations of a workgroup. The innermost loop is over x. */
export class InvocationLoops {
  readonly count: number;

  constructor(
    private readonly context: Context,
    readonly size: readonly [number, number, number],
  ) {
    this.count = size[0] * size[1] * size[2];
  }

  get first(): Invocation {
    const zero = this.context.b.i32(0);
    return { local: [zero, zero, zero], index: zero };
  }

  each(slots: readonly Slot[], body: (invocation: Invocation) => void): void {
    const { context, size } = this;
    const { b } = context;
    const [width, height, depth] = size;
    const along = (extent: number, inner: (index: Node) => void) =>
      extent === 1 ? inner(b.i32(0)) : countTo(context, { first: b.i32(0), end: b.i32(extent), slots }, inner);
    along(depth, z =>
      along(height, y =>
        along(width, x => {
          const index = b.add(b.add(x, b.mul(y, width)), b.mul(z, width * height));
          body({ local: [x, y, z], index });
        }),
      ),
    );
  }
}
