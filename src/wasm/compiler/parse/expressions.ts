import { fail } from '../../interface/compile_error.ts';
import type { Expression, Name, Unary } from './ast.ts';
import type { TokenStream } from './token_stream.ts';

/** Names that a template list may follow. */
const TEMPLATED = /^(array|vec[234]|mat[234]x[234]|ptr|atomic|bitcast|texture_\w+)$/;

/** Binary operators by precedence, lowest first. */
const LEVELS: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!=', '<', '>', '<=', '>='],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
];
const ADDITIVE = 7;

export function parseExpression(tokens: TokenStream, level = 0): Expression {
  const operators = LEVELS[level];
  if (!operators) return parseUnary(tokens);
  let left = parseExpression(tokens, level + 1);
  while (tokens.peek().kind === 'symbol' && operators.includes(tokens.peek().text)) {
    const { text: operator, position } = tokens.next();
    const right = parseExpression(tokens, level + 1);
    for (const operand of [left, right])
      if (operand.kind === 'binary' && !grouped.has(operand) && !goTogether(operator, operand.operator))
        fail(position, `mixing '${operand.operator}' and '${operator}' requires parentheses`);
    left = { kind: 'binary', operator, left, right, position };
  }
  return left;
}

/** Expressions written in parentheses. */
const grouped = new WeakSet<Expression>();
const ARITHMETIC = /^[-+*/%]$/;
const RELATION = /^([<>]=?|[!=]=)$/;

/** Returns whether an operand with the operator `inner` needs no parentheses; WGSL requires them for most mixtures. */
function goTogether(operator: string, inner: string): boolean {
  if (ARITHMETIC.test(operator)) return true;
  if (operator === '<<' || operator === '>>') return false;
  if (RELATION.test(operator)) return ARITHMETIC.test(inner) || inner === '<<' || inner === '>>';
  if (operator === inner) return true;
  const isLogical = operator === '&&' || operator === '||';
  return isLogical && (RELATION.test(inner) || ARITHMETIC.test(inner) || inner === '<<' || inner === '>>');
}

export function parseUnary(tokens: TokenStream): Expression {
  const { kind, text, position } = tokens.peek();
  if (kind === 'symbol' && ['-', '!', '~', '&', '*'].includes(text)) {
    tokens.next();
    return { kind: 'unary', operator: text as Unary['operator'], operand: parseUnary(tokens), position };
  }
  // WGSL tokenizes `--x` and `&&x` greedily, not as two unary operators.
  if (kind === 'symbol' && (text === '--' || text === '&&')) fail(position, `unexpected '${text}'`);
  return parsePostfix(tokens);
}

function parsePostfix(tokens: TokenStream): Expression {
  let base = parsePrimary(tokens);
  for (;;) {
    const { position } = tokens;
    if (tokens.accept('[')) {
      base = { kind: 'index', base, index: parseExpression(tokens), position };
      tokens.expect(']');
    } else if (tokens.accept('.')) {
      base = { kind: 'member', base, member: tokens.name('a member name'), position };
    } else return base;
  }
}

function parsePrimary(tokens: TokenStream): Expression {
  const token = tokens.peek();
  const { position } = token;
  if (tokens.accept('(')) {
    const inner = parseExpression(tokens);
    tokens.expect(')');
    grouped.add(inner);
    return inner;
  }
  if (token.kind === 'number') {
    tokens.next();
    return { kind: 'literal', type: token.type!, value: token.value!, position };
  }
  if (tokens.accept('true')) return { kind: 'literal', type: 'bool', value: 1, position };
  if (tokens.accept('false')) return { kind: 'literal', type: 'bool', value: 0, position };
  if (token.kind !== 'name') fail(position, `expected an expression, got '${token.text}'`);
  const callee = parseName(tokens);
  if (!tokens.accept('(')) return callee;
  return { kind: 'call', callee, args: tokens.list(')', () => parseExpression(tokens)), position };
}

/** Parses a name and, if it may have one, its template list. */
export function parseName(tokens: TokenStream): Name {
  const { position } = tokens;
  const name = tokens.name('a name');
  if (!TEMPLATED.test(name) || !tokens.accept('<')) return { kind: 'name', name, position };
  const template: Expression[] = [];
  do {
    if (tokens.peek().text.startsWith('>')) break;
    template.push(parseExpression(tokens, ADDITIVE));
  } while (tokens.accept(','));
  tokens.closeTemplate();
  return { kind: 'name', name, template, position };
}
