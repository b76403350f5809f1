import { sizeOf } from '../check/layout.ts';
import type { Type } from '../check/types.ts';
import type { Declaration } from '../parse/ast.ts';
import type { Invocation, InvocationLoops } from './invocations.ts';
import type { Context } from './state/context.ts';
import { load, slotsFor, store } from './state/references.ts';
import type { MemoryReference, Reference } from './values/reference.ts';

/** A variable that outlives a part. Every invocation has its own copy in scratch memory. */
export interface KeptVariable {
  readonly declaration: Declaration;
  readonly type: Type;
  readonly space: 'function' | 'private';
  readonly offset: number;
  /** What the name refers to now: slots inside a part, otherwise the memory of the current invocation. */
  current: Reference;
}

/** A variable that is held in slots during a part and written back to memory at its end. */
interface Promoted {
  writeBack(): void;
}

/** The variables that a kernel with barriers keeps across its parts. */
export class KeptVariables {
  private readonly variables: KeptVariable[] = [];
  private invocation: Invocation;

  constructor(
    private readonly context: Context,
    private readonly loops: InvocationLoops,
  ) {
    this.invocation = loops.first;
  }

  /** Makes all names refer to this invocation's variables. */
  enter(invocation: Invocation): void {
    this.invocation = invocation;
    for (const variable of this.variables) variable.current = this.memoryOf(variable);
  }

  promote(): Promoted[] {
    return this.variables.map(variable => this.promoteOne(variable));
  }

  /** Loads a variable into slots for one part; variables with non-constant indices stay in memory. */
  private promoteOne(variable: KeptVariable): Promoted {
    const { context } = this;
    const { declaration, type, space } = variable;
    if (context.inMemory.has(declaration)) return { writeBack: () => {} };
    const memory = this.memoryOf(variable);
    const slots = slotsFor(declaration.name, type);
    const reference: Reference = { kind: 'slots', type, space, slots, declaration };
    const initial = load(context, memory);
    variable.current = reference;
    store(context, reference, initial);
    const before = slots.map(slot => context.read(slot));
    return {
      writeBack: () => {
        if (context.isReachable && slots.some((slot, i) => context.read(slot) !== before[i]))
          store(context, memory, load(context, reference));
        for (const slot of slots) context.env?.delete(slot);
      },
    };
  }

  keep(declaration: Declaration, type: Type, space: KeptVariable['space'] = 'function'): KeptVariable {
    const offset = this.context.scratch.take(sizeOf(type) * this.loops.count);
    const variable: KeptVariable = { declaration, type, space, offset, current: undefined as never };
    variable.current = this.memoryOf(variable);
    this.variables.push(variable);
    return variable;
  }

  bindingOf(variable: KeptVariable) {
    return {
      kind: 'variable' as const,
      get reference() {
        return variable.current;
      },
    };
  }

  memoryOf({ type, space, offset }: KeptVariable): MemoryReference {
    const { b, scratchAddress } = this.context;
    const address = b.add(scratchAddress, b.mul(this.invocation.index, sizeOf(type)));
    return { kind: 'memory', type, space, address, offset, isReadOnly: false };
  }
}
