/** Sizes of a tensor's dimensions, outermost first. Elements are stored in C order. */
export type Shape = readonly number[];

/** Returns the number of elements; 1 for a scalar's `[]`. */
export function elementCount(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

/** Formats a shape for messages: `[1, 64, 56, 56]`. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** Formats several shapes for messages: `x [1, 64, 56, 56], weight [64, 32, 1, 1]`. */
export function formatShapes(shapes: Readonly<Record<string, Shape | undefined>>): string {
  return Object.entries(shapes)
    .filter((entry): entry is [string, Shape] => entry[1] !== undefined)
    .map(([name, shape]) => `${name} ${formatShape(shape)}`)
    .join(', ');
}
