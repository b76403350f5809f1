import { fail } from '../../interface/compile_error.ts';
import type { Attribute, FunctionDeclaration, GlobalDeclaration, Parameter, StructDeclaration } from './ast.ts';
import { parseExpression, parseName } from './expressions.ts';
import { parseBlock, parseDeclaration } from './statements.ts';
import { TokenStream } from './token_stream.ts';

/**
 * Parses WGSL source into its module-scope declarations.
 *
 * wgsl_reflect's parser does not suffice: it reads a hexadecimal float as 0, gives arrays sized by an override one
 * element, rounds constants to f32 while parsing, and does not record the positions of expressions.
 *
 * @throws CompileError  at the first token that matches no grammar rule
 */
export function parseModule(source: string): GlobalDeclaration[] {
  const tokens = new TokenStream(source);
  const declarations: GlobalDeclaration[] = [];
  while (tokens.peek().kind !== 'end') {
    if (tokens.accept(';')) continue;
    const declaration = parseGlobal(tokens);
    if (declaration) declarations.push(declaration);
  }
  return declarations;
}

function parseGlobal(tokens: TokenStream): GlobalDeclaration | undefined {
  const { position } = tokens;
  if (tokens.accept('enable')) {
    const extension = tokens.name('an extension');
    return fail(position, `the extension '${extension}' is not supported`);
  }
  if (tokens.accept('requires') || tokens.accept('diagnostic')) {
    while (!tokens.accept(';')) tokens.next();
    return undefined;
  }
  const attributes = parseAttributes(tokens);
  if (tokens.is('fn')) return parseFunction(tokens, attributes);
  if (tokens.accept('struct')) return parseStruct(tokens);
  let declaration: GlobalDeclaration;
  if (tokens.accept('alias')) {
    const at = tokens.position;
    const name = tokens.name('a name');
    tokens.expect('=');
    declaration = { kind: 'alias', name, type: parseName(tokens), position: at };
  } else if (tokens.accept('const_assert')) {
    declaration = { kind: 'const-assert', condition: parseExpression(tokens), position };
  } else if (tokens.is('var') || tokens.is('const') || tokens.is('override')) {
    declaration = parseDeclaration(tokens, attributes);
  } else return fail(position, `expected a declaration, got '${tokens.peek().text}'`);
  tokens.expect(';');
  return declaration;
}

function parseFunction(tokens: TokenStream, attributes: Attribute[]): FunctionDeclaration {
  tokens.expect('fn');
  const { position } = tokens;
  const name = tokens.name('a function name');
  tokens.expect('(');
  const parameters = tokens.list(')', () => parseParameter(tokens));
  let returnType: FunctionDeclaration['returnType'];
  if (tokens.accept('->')) {
    parseAttributes(tokens);
    returnType = parseName(tokens);
  }
  return { kind: 'function', name, parameters, returnType, body: parseBlock(tokens), attributes, position };
}

function parseStruct(tokens: TokenStream): StructDeclaration {
  const { position } = tokens;
  const name = tokens.name('a struct name');
  tokens.expect('{');
  return { kind: 'struct', name, members: tokens.list('}', () => parseParameter(tokens)), position };
}

function parseParameter(tokens: TokenStream): Parameter {
  const attributes = parseAttributes(tokens);
  const { position } = tokens;
  const name = tokens.name('a name');
  tokens.expect(':');
  return { name, type: parseName(tokens), attributes, position };
}

function parseAttributes(tokens: TokenStream): Attribute[] {
  const attributes: Attribute[] = [];
  while (tokens.accept('@')) {
    const { position } = tokens;
    const name = tokens.name('an attribute');
    const args = tokens.accept('(') ? tokens.list(')', () => parseExpression(tokens)) : [];
    attributes.push({ name, args, position });
  }
  return attributes;
}
