/** What a pickle can hold, once read. Nothing of it is a plain object: no key of a file can reach a prototype. */

export class Tuple {
  readonly items: readonly PickleValue[];
  /** How many tuples are nested here, this one included. */
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

/** What the reader of a pickle makes of the names and references in it. */
export abstract class Opaque {
  protected readonly isOpaque = true;
}

export type PickleValue = null | boolean | number | bigint | string | Tuple | List | Dict | Opaque;
