import { parseError, type Span } from './query-error.ts';

export interface Token {
  readonly kind: 'identifier' | 'number' | 'duration' | 'string' | 'sign' | 'end';
  /** As written, quotes included. */
  readonly text: string;
  readonly span: Span;
}

const longSigns = ['==', '!=', '=~', '!~', '>=', '<=', '</', '>/'];
const shortSigns = '+-*/%^=<>()[]{},:@';

const blank = /(?:\s+|#[^\n]*)+/y;
const name = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
/** Inside braces and brackets a colon stands for itself. */
const plainName = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const duration = /(?:\d+(?:ms|[smhdwy]))+(?![a-zA-Z0-9_])/y;
const number = /0[xX][0-9a-fA-F_]+|(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?/y;
const quoted = /"(?:[^"\\\n]|\\[^\n])*"|'(?:[^'\\\n]|\\[^\n])*'|`[^`]*`/y;

/**
 * A query's words; comments and blanks are left out, the last is `end`.
 *
 * @throws {QueryError} `query/parse` at a character that begins nothing, a string without end, a number with letters
 */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let inside = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  const push = (kind: Token['kind'], word: string): void => {
    tokens.push({ kind, text: word, span: { start: at, end: at + word.length } });
    at += word.length;
  };
  for (;;) {
    at += take(blank)?.length ?? 0;
    const char = text[at];
    if (char === undefined) break;
    const literal = take(duration);
    const numeral = literal === undefined ? take(number) : undefined;
    const word = take(inside > 0 ? plainName : name);
    const string = take(quoted);
    if (literal !== undefined) push('duration', literal);
    else if (numeral !== undefined) {
      const after = text[at + numeral.length] ?? '';
      if (/[a-zA-Z0-9_]/u.test(after)) {
        const whole = /[\w.]*/u.exec(text.slice(at))?.[0] ?? '';
        throw parseError(text, { start: at, end: at }, `bad number or duration syntax: ${JSON.stringify(whole)}`);
      }
      push('number', numeral);
    } else if (word !== undefined) push(/^(?:inf|nan)$/iu.test(word) && inside === 0 ? 'number' : 'identifier', word);
    else if (string !== undefined) push('string', string);
    else if (char === '"' || char === "'" || char === '`') {
      throw parseError(text, { start: at, end: at }, `unterminated ${char === '`' ? 'raw' : 'quoted'} string`);
    } else {
      const long = longSigns.find((candidate) => text.startsWith(candidate, at));
      const sign = long ?? (shortSigns.includes(char) ? char : undefined);
      if (sign === undefined) {
        const odd = String.fromCodePoint(text.codePointAt(at) ?? 0);
        throw parseError(text, { start: at, end: at }, `unexpected character: ${JSON.stringify(odd)}`);
      }
      if (sign === '[' || sign === '{') inside++;
      if (sign === ']' || sign === '}') inside = Math.max(0, inside - 1);
      push('sign', sign);
    }
  }
  push('end', '');
  return tokens;
}

export function describeToken({ kind, text }: Token): string {
  switch (kind) {
    case 'end':
      return 'end of input';
    case 'identifier':
      return `identifier ${JSON.stringify(text)}`;
    case 'number':
      return `number ${JSON.stringify(text)}`;
    case 'duration':
      return `duration ${JSON.stringify(text)}`;
    case 'string':
      return `string ${text}`;
    case 'sign':
      return JSON.stringify(text);
  }
}
