import { ShapeError } from '../errors/index.ts';
import { formatShape, formatShapes, type Shape, sameShape } from '../runtime/shape.ts';

type Sizes<Rank extends number> = Rank extends 1
  ? [number]
  : Rank extends 2
    ? [number, number]
    : Rank extends 3
      ? [number, number, number]
      : Rank extends 4
        ? [number, number, number, number]
        : [number, number, number, number, number];

/** Returns the sizes of a shape with the expected rank. @throws ShapeError */
export function expectRank<Rank extends 1 | 2 | 3 | 4 | 5>(
  where: string,
  name: string,
  shape: Shape,
  rank: Rank,
): Sizes<Rank> {
  if (shape.length !== rank) throw new ShapeError(`${where}: ${name} must be ${rank}-D, got ${formatShape(shape)}`);
  return shape as unknown as Sizes<Rank>;
}

/** Checks that the named shapes are equal. @throws ShapeError  with all shapes */
export function expectSameShape(where: string, shapes: Readonly<Record<string, Shape>>): void {
  const [first, ...others] = Object.values(shapes);
  if (first && others.some(shape => !sameShape(shape, first)))
    throw new ShapeError(
      `${where}: ${Object.keys(shapes).join(' and ')} must have the same shape (${formatShapes(shapes)})`,
    );
}

/**
 * Returns how often a window fits along one dimension: floor((size + 2*padding - kernelSize) / stride) + 1.
 *
 * @throws ShapeError  it does not fit even once
 */
export function windowOutput(
  where: string,
  size: number,
  window: { kernelSize: number; stride: number; padding: number },
): number {
  const { kernelSize, stride, padding } = window;
  const output = Math.floor((size + 2 * padding - kernelSize) / stride) + 1;
  if (output < 1)
    throw new ShapeError(`${where}: a window of ${kernelSize} does not fit into ${size} pixels padded by ${padding}`);
  return output;
}

/**
 * Checks that the named shape, if present, is exactly the expected one.
 *
 * @throws ShapeError  with all shapes of the operation
 */
export function expectShape(
  where: string,
  name: string,
  { shapes, expected }: { shapes: Readonly<Record<string, Shape | undefined>>; expected: Shape },
): void {
  const shape = shapes[name];
  if (shape && !sameShape(shape, expected))
    throw new ShapeError(
      `${where}: ${name} must be ${formatShape(expected)}, got ${formatShape(shape)} (${formatShapes(shapes)})`,
    );
}
