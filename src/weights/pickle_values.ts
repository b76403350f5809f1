/** What a pickle can hold, once read. Nothing of it is a plain object: no key of a file can reach a prototype. */

export class Tuple {
  readonly items: readonly PickleValue[];
  /** How many tuples are nested here, this one included. */
  readonly depth: number;

  constructor(items: readonly PickleValue[]) {
    this.items = items;
    this.depth = items.reduce((depth, item) => (item instanceof Tuple ? Math.max(depth, item.depth + 1) : depth), 1);
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
export abstract class Opaque {}

export type PickleValue = null | boolean | number | bigint | string | Tuple | List | Dict | Opaque;
