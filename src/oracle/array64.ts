/** An f64 array with a shape, for references. It is slow and obvious, and shares nothing with the code under test. */
export class Array64 {
  constructor(
    readonly shape: readonly number[],
    readonly data: Float64Array,
  ) {}

  at(...index: number[]): number {
    return this.data[this.position(index)]!;
  }

  set(value: number, ...index: number[]): void {
    this.data[this.position(index)] = value;
  }

  private position(index: readonly number[]): number {
    return index.reduce((position, i, dimension) => position * this.shape[dimension]! + i, 0);
  }
}

/** Makes an array whose elements all are `fill`. */
export function array64(shape: readonly number[], fill = 0): Array64 {
  return new Array64(shape, new Float64Array(shape.reduce((a, b) => a * b, 1)).fill(fill));
}
