/**
 * The values that a pickle can contain. None of them is a plain object, so no key from a file can reach a prototype.
 */

export class Tuple {
  readonly items: readonly PickleValue[];
  /** Nesting depth of tuples, including this one. */
  readonly depth: number;

  constructor(items: readonly PickleValue[]) {
    this.items = items;
    let deepest = 0;
    for (const item of items) if (item instanceof Tuple) deepest = Math.max(deepest, item.depth);
    this.depth = deepest + 1;
  }
}

export class List {
  readonly items: PickleValue[] = [];
}

/** A dict or an OrderedDict. */
export class Dict {
  readonly entries = new Map<PickleValue, PickleValue>();
}

/** A value that the pickle's host supplies for a global or a persistent id. */
export abstract class Opaque {
  protected readonly isOpaque = true;
}

/** A string of bytes, as numpy's scalars have it. */
export class Bytes extends Opaque {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    super();
    this.bytes = bytes;
  }
}

/**
 * Stands for a Python class or function that no tensor needs, or for an object made with it. It does nothing: nothing is
 * imported or run. It keeps the data that the pickle gives the object, because the object can be a module with tensors.
 */
export class Placeholder extends Opaque {
  /** The global's name: `argparse.Namespace`. */
  readonly global: string;
  /** The arguments of the call that made the object; undefined for the class or function itself. */
  readonly args: Tuple | undefined;
  /** What the pickle sets as the object's attributes. */
  state: PickleValue = null;
  /** The items of an object that is a kind of dict. */
  items: Dict | undefined;

  constructor(global: string, args?: Tuple) {
    super();
    this.global = global;
    this.args = args;
  }
}

export type PickleValue = null | boolean | number | bigint | string | Tuple | List | Dict | Opaque;
