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

export type PickleValue = null | boolean | number | bigint | string | Tuple | List | Dict | Opaque;
