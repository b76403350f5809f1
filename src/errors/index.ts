import { escapeControls } from './escape_controls.ts';

/**
 * The base class of all errors that callers can catch. A message reads
 * `<where>: <what is wrong> (<the value, the limit>). <What to do>`.
 * It is complete: the command line prints it as it is, without a stack.
 */
export class RaycamError extends Error {
  /** Exit status of the command line: 1 if the work failed, 2 if the arguments were wrong. */
  readonly exitCode: 1 | 2 = 1;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Returns the message of anything that was thrown. A GPUError has one too, although it is not an Error. */
export function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
}

/** Returns the first line of a driver's or compiler's message, which says what happened. */
export function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}

/** Shapes that an operation does not accept. */
export class ShapeError extends RaycamError {}

/** An error that quotes untrusted text: its message stays one line of limited length. */
class QuotingError extends RaycamError {
  constructor(message: string, options?: ErrorOptions) {
    super(readable(message), options);
  }
}

const MAX_CHARACTERS = 1000;

/** Escapes control characters, and leaves out the middle of a very long text. */
function readable(text: string): string {
  const half = MAX_CHARACTERS / 2;
  const cut = text.length <= MAX_CHARACTERS ? text : `${text.slice(0, half)} … ${text.slice(-half)}`;
  return escapeControls(cut);
}

/** A weights file that is damaged, unsafe, or from another network. */
export class WeightsError extends QuotingError {}

/** WGSL that does not compile, or whose bindings do not match its descriptor. */
export class ShaderError extends RaycamError {}

/** A missing adapter, an exceeded limit, exhausted memory, an invalid dispatch, a lost device, or an unexpected NaN. */
export class DeviceError extends RaycamError {}

/** An image, folder, head or feature store that cannot be read or used. */
export class InputError extends QuotingError {}

/** An image that was decoded, but that the network cannot take. A batch skips it and goes on. */
export class UnusableImage extends InputError {}

/** Wrong arguments. */
export class UsageError extends QuotingError {
  override readonly exitCode = 2;
}

/** A kernel with a wrong result, a file that is not a bench result, or a comparison that failed. */
export class BenchError extends RaycamError {}
