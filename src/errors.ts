/**
 * The errors a caller can meet. A message reads
 * `<where>: <rule broken>, <expected>, <got> (<shapes>). <what to do>`
 * and is complete in one sentence: the command line prints it as it is, without a stack.
 */
export class RaycamError extends Error {
  /** What the command line exits with: 1 the work failed, 2 it was asked for wrongly. */
  readonly exitCode: 1 | 2 = 1;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Shapes that do not fit an operation. */
export class ShapeError extends RaycamError {}

/** A weights file that is broken, unsafe, or of another network. */
export class WeightsError extends RaycamError {}

/** WGSL that does not compile, or whose bindings do not fit its descriptor. */
export class ShaderError extends RaycamError {}

/** No adapter, too small a limit, out of memory, an invalid dispatch, a lost device, a NaN where there must be none. */
export class DeviceError extends RaycamError {}

/** An image, folder, head or store that cannot be read or used. */
export class InputError extends RaycamError {}

/** Wrong arguments. */
export class UsageError extends RaycamError {
  override readonly exitCode = 2;
}
