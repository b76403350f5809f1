import { fail, type Position } from '../../interface/compile_error.ts';
import { type Token, tokenize } from './lexer.ts';

/** A cursor over a shader's tokens. */
export class TokenStream {
  private readonly tokens: Token[];
  private at = 0;

  constructor(source: string) {
    this.tokens = tokenize(source);
  }

  get position(): Position {
    return this.peek().position;
  }

  peek(ahead = 0): Token {
    return this.tokens[Math.min(this.at + ahead, this.tokens.length - 1)]!;
  }

  next(): Token {
    const token = this.peek();
    this.at++;
    return token;
  }

  is(text: string): boolean {
    const { kind, text: found } = this.peek();
    return found === text && (kind === 'symbol' || kind === 'name');
  }

  accept(text: string): boolean {
    if (!this.is(text)) return false;
    this.at++;
    return true;
  }

  expect(text: string): Position {
    const { position } = this;
    if (!this.accept(text)) fail(position, `expected '${text}', got '${this.peek().text}'`);
    return position;
  }

  name(what: string): string {
    const token = this.peek();
    if (token.kind !== 'name') fail(token.position, `expected ${what}, got '${token.text}'`);
    this.at++;
    return token.text;
  }

  /** Consumes the `>` that ends a template list, even if it is the start of `>>` or `>=`. */
  closeTemplate(): void {
    const token = this.peek();
    if (token.kind !== 'symbol' || !token.text.startsWith('>'))
      fail(token.position, `expected '>', got '${token.text}'`);
    if (token.text === '>') {
      this.at++;
      return;
    }
    const { line, column } = token.position;
    this.tokens[this.at] = { ...token, text: token.text.slice(1), position: { line, column: column + 1 } };
  }

  /** Parses comma-separated items up to and including `close`; a trailing comma is allowed. */
  list<Item>(close: string, item: () => Item): Item[] {
    const items: Item[] = [];
    while (!this.is(close)) {
      items.push(item());
      if (!this.accept(',')) break;
    }
    this.expect(close);
    return items;
  }
}
