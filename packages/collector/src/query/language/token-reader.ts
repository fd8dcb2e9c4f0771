import { describeToken, tokenize, type Token } from './lexer.ts';
import { parseError, type QueryError } from './query-error.ts';
import { unquote } from './text.ts';

/** Walks over the words of a query; what the parsers share. */
export class TokenReader {
  readonly text: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.text = text;
    this.#tokens = tokenize(text);
  }

  get first(): Token {
    return this.#token(0);
  }

  get current(): Token {
    return this.#token(this.#at);
  }

  /** Where the last word taken ended. */
  get previousEnd(): number {
    return this.#token(this.#at - 1).span.end;
  }

  peek(): Token {
    return this.#token(this.#at + 1);
  }

  next(): Token {
    const token = this.current;
    if (token.kind !== 'end') this.#at++;
    return token;
  }

  take(sign: string): boolean {
    const taken = this.current.kind === 'sign' && this.current.text === sign;
    if (taken) this.#at++;
    return taken;
  }

  isWord(word: string): boolean {
    return this.current.kind === 'identifier' && this.current.text.toLowerCase() === word;
  }

  takeWord(word: string): boolean {
    const taken = this.isWord(word);
    if (taken) this.#at++;
    return taken;
  }

  expect(sign: string, context: string, expected = JSON.stringify(sign)): Token {
    if (this.current.kind !== 'sign' || this.current.text !== sign) throw this.unexpected(context, expected);
    return this.next();
  }

  string(): string {
    const { text } = this.next();
    const value = unquote(text.slice(1, -1), text[0] ?? '');
    if (value === undefined) throw this.error('invalid syntax of an escape in a string', -1);
    return value;
  }

  /** @param from  the word to blame, counted from the current one */
  error(what: string, from = 0): QueryError {
    return parseError(this.text, this.#token(this.#at + from).span, what);
  }

  unexpected(context: string, expected?: string): QueryError {
    const where = context === '' ? '' : ` in ${context}`;
    const instead = expected === undefined ? '' : `, expected ${expected}`;
    return this.error(`unexpected ${describeToken(this.current)}${where}${instead}`);
  }

  #token(index: number): Token {
    const token = this.#tokens[Math.min(Math.max(index, 0), this.#tokens.length - 1)];
    if (token === undefined) throw new RangeError('a query has at least its end');
    return token;
  }
}
