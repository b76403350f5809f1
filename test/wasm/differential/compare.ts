import type { Outcome, Program } from './devices.ts';
import type { Interval } from './interval.ts';

const OUTPUTS = ['out_u', 'out_f', 'work'];
const MOST_SHOWN = 10;

/**
 * Describes how an outcome differs from the expected one, bit for bit except the sign of a float zero; undefined if it
 * does not.
 */
export function differenceOf(expected: Outcome, got: Outcome): string | undefined {
  if ('error' in expected || 'error' in got) {
    const [left, right] = [expected, got].map(one => ('error' in one ? one.error : 'runs'));
    return left === right ? undefined : `expected: ${left}\ngot: ${right}`;
  }
  const lines = expected.buffers.flatMap((words, at) => {
    const name = OUTPUTS[at]!;
    // Either zero of f32, in a buffer that may contain floats.
    const isZero = (word: number) => name !== 'out_u' && (word & 0x7fffffff) === 0;
    const other = got.buffers[at]!;
    return [...words].flatMap((word, i) =>
      word === other[i] || (isZero(word) && isZero(other[i]!))
        ? []
        : [`${name}[${i}] is ${show(name, other[i]!)}, expected ${show(name, word)}`],
    );
  });
  return summary(lines);
}

function show(name: string, word: number): string {
  return name === 'out_f' ? `${new Float32Array(Uint32Array.of(word).buffer)[0]}` : `${word}`;
}

/** Describes results outside their intervals; undefined if there are none. */
export function straysOf(expected: readonly Interval[], got: Outcome): string | undefined {
  if ('error' in got) return got.error;
  const [words] = got.buffers as [Uint32Array];
  const values = new Float32Array(words.slice().buffer);
  const lines = expected.flatMap((interval, i) => {
    const value = values[i]!;
    if (!interval || (value >= interval.low && value <= interval.high)) return [];
    return [`out[${i}] is ${value}, expected ${interval.low} to ${interval.high}`];
  });
  return summary(lines);
}

function summary(lines: readonly string[]): string | undefined {
  if (lines.length === 0) return undefined;
  const rest = lines.length - MOST_SHOWN;
  return [...lines.slice(0, MOST_SHOWN), ...(rest > 0 ? [`and ${rest} more`] : [])].join('\n');
}

/** Returns an error with the complete program and its inputs, so that the counterexample can be read and run. */
export function reportOf(name: string, difference: string, { source, workgroups, constants, buffers }: Program): Error {
  const inputs = buffers.map(({ use, words }) =>
    use === 'output' ? `${words.length} words` : `[${words.join(', ')}]`,
  );
  return new Error(
    `${name}: ${difference}\n\n${source}\n\n${workgroups} workgroups, constants ${JSON.stringify(constants ?? {})}, buffers\n${inputs.join('\n')}`,
  );
}
