import { fail } from '../../interface/compile_error.ts';
import type { Assign, Block, Declaration, Expression, For, If, Loop, Statement, Switch } from './ast.ts';
import { parseExpression, parseName, parseUnary } from './expressions.ts';
import type { TokenStream } from './token_stream.ts';

const ASSIGNMENTS = ['=', '+=', '-=', '*=', '/=', '%=', '&=', '|=', '^=', '<<=', '>>='];

export function parseBlock(tokens: TokenStream): Block {
  skipAttributes(tokens);
  const position = tokens.expect('{');
  const statements: Statement[] = [];
  while (!tokens.accept('}')) {
    if (tokens.peek().kind === 'end') fail(tokens.position, "expected '}', got the end of the file");
    if (!tokens.accept(';')) statements.push(parseStatement(tokens));
  }
  return { kind: 'block', statements, position };
}

function parseStatement(tokens: TokenStream): Statement {
  skipAttributes(tokens);
  const { position } = tokens;
  if (tokens.is('{')) return parseBlock(tokens);
  if (tokens.accept('if')) return parseIf(tokens);
  if (tokens.accept('for')) return parseFor(tokens);
  if (tokens.accept('while')) {
    const condition = parseExpression(tokens);
    return { kind: 'for', condition, body: parseBlock(tokens), position };
  }
  if (tokens.accept('loop')) return parseLoop(tokens);
  if (tokens.accept('switch')) return parseSwitch(tokens);
  const statement = parseSimple(tokens);
  tokens.expect(';');
  return statement;
}

/** Parses a statement that ends with a semicolon, without the semicolon. */
function parseSimple(tokens: TokenStream): Statement {
  const { position } = tokens;
  if (tokens.accept('break')) {
    if (tokens.is('if')) fail(position, "'break if' is allowed only at the end of a continuing block");
    return { kind: 'break', position };
  }
  if (tokens.accept('continue')) return { kind: 'continue', position };
  if (tokens.accept('discard')) fail(position, "'discard' is allowed only in fragment shaders");
  if (tokens.accept('return'))
    return tokens.is(';') ? { kind: 'return', position } : { kind: 'return', value: parseExpression(tokens), position };
  if (tokens.accept('const_assert')) return { kind: 'const-assert', condition: parseExpression(tokens), position };
  if (tokens.is('var') || tokens.is('let') || tokens.is('const')) return parseDeclaration(tokens);
  return parseUpdate(tokens);
}

/** Parses an assignment, an increment, a decrement or a call: the statements allowed in a `for` header's third part. */
function parseUpdate(tokens: TokenStream): Statement {
  const { position } = tokens;
  if (tokens.is('_') && tokens.peek(1).text === '=') {
    tokens.next();
    tokens.next();
    return { kind: 'assign', value: parseExpression(tokens), position };
  }
  const target = parseUnary(tokens);
  const symbol = tokens.peek().text;
  if (symbol === '++' || symbol === '--') {
    tokens.next();
    const value: Expression = { kind: 'literal', type: 'abstract-int', value: 1, position };
    return { kind: 'assign', target, operator: symbol[0]!, value, isStep: true, position };
  }
  if (target.kind === 'call' && !ASSIGNMENTS.includes(symbol))
    return { kind: 'call-statement', call: target, position };
  if (!ASSIGNMENTS.includes(symbol)) fail(tokens.position, `expected an assignment, got '${symbol}'`);
  const at = tokens.next().position;
  const value = parseExpression(tokens);
  const assign: Assign = { kind: 'assign', target, value, position: at };
  return symbol === '=' ? assign : { ...assign, operator: symbol.slice(0, -1) };
}

/** Parses a declaration, from its keyword up to but not including the semicolon. */
export function parseDeclaration(tokens: TokenStream, attributes: Declaration['attributes'] = []): Declaration {
  const keyword = tokens.next().text as Declaration['keyword'];
  let space: string | undefined;
  let access: string | undefined;
  if (keyword === 'var' && tokens.accept('<')) {
    space = tokens.name('an address space');
    if (tokens.accept(',') && !tokens.is('>')) access = tokens.name('an access mode');
    tokens.accept(',');
    tokens.closeTemplate();
  }
  const { position } = tokens;
  const name = tokens.name('a name');
  const type = tokens.accept(':') ? parseName(tokens) : undefined;
  const init = tokens.accept('=') ? parseExpression(tokens) : undefined;
  if (!init && (keyword === 'let' || keyword === 'const')) fail(position, `'${name}' needs an initializer`);
  return { kind: 'declaration', keyword, name, type, init, space, access, attributes, position };
}

function parseIf(tokens: TokenStream): If {
  const { position } = tokens;
  const condition = parseExpression(tokens);
  const then = parseBlock(tokens);
  if (!tokens.accept('else')) return { kind: 'if', condition, then, position };
  const otherwise = tokens.accept('if') ? parseIf(tokens) : parseBlock(tokens);
  return { kind: 'if', condition, then, otherwise, position };
}

function parseFor(tokens: TokenStream): For {
  const position = tokens.expect('(');
  const init = tokens.is(';') ? undefined : parseSimple(tokens);
  tokens.expect(';');
  const condition = tokens.is(';') ? undefined : parseExpression(tokens);
  tokens.expect(';');
  const step = tokens.is(')') ? undefined : parseUpdate(tokens);
  tokens.expect(')');
  return { kind: 'for', init, condition, step, body: parseBlock(tokens), position };
}

function parseLoop(tokens: TokenStream): Loop {
  skipAttributes(tokens);
  const position = tokens.expect('{');
  const statements: Statement[] = [];
  while (!tokens.is('}') && !tokens.is('continuing')) {
    if (tokens.peek().kind === 'end') fail(tokens.position, "expected '}', got the end of the file");
    if (!tokens.accept(';')) statements.push(parseStatement(tokens));
  }
  const body: Block = { kind: 'block', statements, position };
  if (tokens.accept('}')) return { kind: 'loop', body, position };
  tokens.expect('continuing');
  skipAttributes(tokens);
  const start = tokens.expect('{');
  const last: Statement[] = [];
  let breakIf: Expression | undefined;
  while (!tokens.accept('}')) {
    if (tokens.is('break') && tokens.peek(1).text === 'if') {
      tokens.next();
      tokens.next();
      breakIf = parseExpression(tokens);
      tokens.expect(';');
      tokens.expect('}');
      break;
    }
    if (!tokens.accept(';')) last.push(parseStatement(tokens));
  }
  tokens.expect('}');
  return { kind: 'loop', body, continuing: { kind: 'block', statements: last, position: start }, breakIf, position };
}

function parseSwitch(tokens: TokenStream): Switch {
  const { position } = tokens;
  const selector = parseExpression(tokens);
  skipAttributes(tokens);
  tokens.expect('{');
  const cases: Switch['cases'][number][] = [];
  while (!tokens.accept('}')) {
    let isDefault = false;
    const selectors: Expression[] = [];
    if (tokens.accept('default')) isDefault = true;
    else {
      tokens.expect('case');
      do {
        if (tokens.is(':') || tokens.is('{')) break;
        if (tokens.accept('default')) isDefault = true;
        else selectors.push(parseExpression(tokens));
      } while (tokens.accept(','));
    }
    tokens.accept(':');
    cases.push({ selectors, isDefault, body: parseBlock(tokens) });
  }
  const defaults = cases.filter(one => one.isDefault).length;
  if (defaults !== 1) fail(position, `a switch must have exactly one default, got ${defaults}`);
  return { kind: 'switch', selector, cases, position };
}

/** Skips attributes such as `@diagnostic(…)`, which may precede a statement and do not affect the result. */
function skipAttributes(tokens: TokenStream): void {
  while (tokens.accept('@')) {
    tokens.name('an attribute');
    if (tokens.accept('(')) tokens.list(')', () => parseExpression(tokens));
  }
}
