import { fail, type Position } from '../../interface/compile_error.ts';

export type NumberType = 'abstract-int' | 'abstract-float' | 'i32' | 'u32' | 'f32' | 'f16';

export interface Token {
  readonly kind: 'name' | 'number' | 'symbol' | 'end';
  readonly text: string;
  readonly position: Position;
  /** `value` and `type` are set for numbers only. */
  readonly value?: number;
  readonly type?: NumberType;
}

/** Longest first, so that `>>=` is not split into `>` and `>=`. */
const SYMBOLS = (
  '<<= >>= && || -> == != >= <= >> << ++ -- += -= *= /= %= &= |= ^= ' +
  '& | ! ~ ^ + - * / % = < > ( ) [ ] { } , . ; : @'
).split(' ');

const NAME = /[\p{XID_Start}_][\p{XID_Continue}]*/uy;
const HEX =
  /0[xX](?:([0-9a-fA-F]*)\.?([0-9a-fA-F]*)(?:[pP]([+-]?[0-9]+))([fh]?)|([0-9a-fA-F]*)\.([0-9a-fA-F]*)|([0-9a-fA-F]+)([iu]?))/y;
const DECIMAL = /(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][+-]?[0-9]+)?[fh]?|[0-9]+[iufh]?/y;
const SPACE = /\s+|\/\/[^\n]*/y;

/**
 * Splits WGSL source into tokens.
 *
 * @throws CompileError  at the first text that is not a token
 */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;
  let lineStart = 0;
  const position = () => ({ line, column: at - lineStart + 1 });
  const skip = (length: number) => {
    for (let i = at; i < at + length; i++)
      if (source[i] === '\n') {
        line++;
        lineStart = i + 1;
      }
    at += length;
  };
  while (at < source.length) {
    const blank = match(SPACE, source, at);
    if (blank) skip(blank.length);
    else if (source.startsWith('/*', at)) skip(commentLength(source, at, position()));
    else {
      const token = nextToken(source, at, position());
      tokens.push(token);
      at += token.text.length;
    }
  }
  tokens.push({ kind: 'end', text: 'end of file', position: position() });
  return tokens;
}

function nextToken(source: string, at: number, position: Position): Token {
  const name = match(NAME, source, at);
  if (name) return { kind: 'name', text: name, position };
  if (/[0-9]/.test(source[at]!) || (source[at] === '.' && /[0-9]/.test(source[at + 1] ?? '')))
    return numberToken(source, at, position);
  const symbol = SYMBOLS.find(candidate => source.startsWith(candidate, at));
  return symbol
    ? { kind: 'symbol', text: symbol, position }
    : fail(position, `unexpected character '${String.fromCodePoint(source.codePointAt(at)!)}'`);
}

function numberToken(source: string, at: number, position: Position): Token {
  HEX.lastIndex = at;
  const hex = HEX.exec(source);
  if (hex) return hexToken(hex, position);
  const text = match(DECIMAL, source, at) ?? fail(position, 'malformed number');
  if (/^0[0-9]/.test(text) && !/[.eEf]/.test(text))
    fail(position, `'${text}': a decimal number must not have leading zeros`);
  const suffix = /[iufh]$/.exec(text)?.[0] ?? '';
  const digits = suffix ? text.slice(0, -1) : text;
  const isFloat = /[.eE]/.test(digits);
  return checked({ kind: 'number', text, position, value: Number(digits), type: numberType(suffix, isFloat) });
}

function hexToken(hex: RegExpExecArray, position: Position): Token {
  const [text, whole, fraction, exponent, floatSuffix, plainWhole, plainFraction, integer, intSuffix] = hex;
  if (integer !== undefined)
    return checked({
      kind: 'number',
      text,
      position,
      value: Number.parseInt(integer, 16),
      type: numberType(intSuffix ?? '', false),
    });
  const digits = (whole ?? plainWhole ?? '') + (fraction ?? plainFraction ?? '');
  if (digits === '') fail(position, `malformed number '${text}'`);
  const scale = Number(exponent ?? 0) - 4 * (fraction ?? plainFraction ?? '').length;
  // In two steps, because 2^scale alone may overflow where the product does not.
  const half = Math.trunc(scale / 2);
  const value = Number.parseInt(digits, 16) * 2 ** half * 2 ** (scale - half);
  return checked({ kind: 'number', text, position, value, type: numberType(floatSuffix ?? '', true) });
}

function numberType(suffix: string, isFloat: boolean): NumberType {
  if (suffix === 'f') return 'f32';
  if (suffix === 'h') return 'f16';
  if (suffix === 'i') return 'i32';
  if (suffix === 'u') return 'u32';
  return isFloat ? 'abstract-float' : 'abstract-int';
}

function checked(token: Token): Token {
  const { value, type, text, position } = token as Required<Token>;
  const [lowest, highest] = {
    // Literals have no sign: the minus of -2147483648 is an operator.
    i32: [0, 2 ** 31 - 1],
    u32: [0, 2 ** 32 - 1],
    f32: [0, 3.4028234663852886e38],
    f16: [0, 65504],
    'abstract-int': [0, Number.MAX_SAFE_INTEGER],
    'abstract-float': [0, Number.MAX_VALUE],
  }[type] as [number, number];
  if (!(value >= lowest && value <= highest)) fail(position, `'${text}' cannot be represented as ${type}`);
  return type === 'f32' ? { ...token, value: Math.fround(value) } : token;
}

function commentLength(source: string, start: number, position: Position): number {
  let depth = 0;
  for (let at = start; at < source.length; at++) {
    const two = source.slice(at, at + 2);
    if (two === '/*') depth++;
    if (two === '*/') depth--;
    if (two === '/*' || two === '*/') at++;
    if (depth === 0) return at + 1 - start;
  }
  return fail(position, 'the comment is not terminated');
}

function match(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
}
