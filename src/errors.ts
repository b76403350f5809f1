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

/** What a failure says of itself, whatever was thrown; a GPUError is no Error. */
export function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
}

/** The line of a driver's or compiler's message that says what happened. */
export function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}

/** Shapes that do not fit an operation. */
export class ShapeError extends RaycamError {}

/** An error whose sentence quotes what a stranger wrote: it stays one line of a length that can be read. */
class QuotingError extends RaycamError {
  constructor(message: string, options?: ErrorOptions) {
    super(readable(message), options);
  }
}

const MOST_CHARACTERS = 1000;

/** Control characters as escapes; the middle of a very long text left out. */
function readable(text: string): string {
  const half = MOST_CHARACTERS / 2;
  const cut = text.length <= MOST_CHARACTERS ? text : `${text.slice(0, half)} … ${text.slice(-half)}`;
  return cut.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, character => {
    const code = character.codePointAt(0)!.toString(16).padStart(4, '0');
    return character === '\n' ? '\\n' : `\\u${code}`;
  });
}

/** A weights file that is broken, unsafe, or of another network. */
export class WeightsError extends QuotingError {}

/** WGSL that does not compile, or whose bindings do not fit its descriptor. */
export class ShaderError extends RaycamError {}

/** No adapter, too small a limit, out of memory, an invalid dispatch, a lost device, a NaN where there must be none. */
export class DeviceError extends RaycamError {}

/** An image, folder, head or store that cannot be read or used. */
export class InputError extends QuotingError {}

/** Wrong arguments. */
export class UsageError extends QuotingError {
  override readonly exitCode = 2;
}
