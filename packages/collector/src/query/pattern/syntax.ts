/** RE2's syntax to a tree. Look-around and back references are not part of it. */
import { TarsierError } from '@tarsier/protocol';
import { anyOf, caseless, classes, not, posixClasses, range, same, unicodeClass, type CharTest } from './char-test.ts';

export type PatternNode =
  | { readonly kind: 'empty' }
  /** `literal` is the character where it matches just that one. */
  | { readonly kind: 'char'; readonly test: CharTest; readonly literal?: string }
  | { readonly kind: 'assert'; readonly what: Assertion }
  | { readonly kind: 'sequence' | 'alternatives'; readonly parts: readonly PatternNode[] }
  | {
      readonly kind: 'repeat';
      readonly of: PatternNode;
      readonly least: number;
      readonly most: number;
      readonly lazy: boolean;
    }
  | { readonly kind: 'group'; readonly of: PatternNode; readonly index: number };

export type Assertion = 'begin' | 'end' | 'line-begin' | 'line-end' | 'word-boundary' | 'no-word-boundary';

export interface ParsedPattern {
  readonly node: PatternNode;
  /** Name of each group, '' for those without; the whole match is group 0. */
  readonly groupNames: readonly string[];
}

interface Flags {
  readonly i: boolean;
  readonly m: boolean;
  readonly s: boolean;
  readonly U: boolean;
}

/** Most repetitions that may be counted, as in RE2. */
const maxCount = 1000;
const maxDepth = 100;
const controls: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v', a: '\x07' };
const assertions: Readonly<Record<string, Assertion>> = {
  A: 'begin',
  z: 'end',
  b: 'word-boundary',
  B: 'no-word-boundary',
};

/** @throws {TarsierError} `query/regex` with the position in the pattern */
export function parsePattern(pattern: string): ParsedPattern {
  return new PatternParser(pattern).parse();
}

class PatternParser {
  readonly #pattern: string;
  readonly #chars: readonly string[];
  readonly #groupNames = [''];
  #at = 0;
  #depth = 0;
  // A dot matches line ends, too, as in Prometheus.
  #flags: Flags = { i: false, m: false, s: true, U: false };

  constructor(pattern: string) {
    this.#pattern = pattern;
    this.#chars = Array.from(pattern);
  }

  parse(): ParsedPattern {
    const node = this.#alternatives();
    if (this.#at < this.#chars.length) throw this.#expected('"(" before it');
    return { node, groupNames: this.#groupNames };
  }

  #alternatives(): PatternNode {
    if (++this.#depth > maxDepth) throw this.#expected(`at most ${maxDepth} groups inside each other`);
    const before = this.#flags;
    const parts = [this.#sequence()];
    while (this.#take('|')) parts.push(this.#sequence());
    // Flags set inside a group end with it.
    this.#flags = before;
    this.#depth--;
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : { kind: 'alternatives', parts };
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = [];
    for (let char = this.#peek(); char !== undefined && char !== '|' && char !== ')'; char = this.#peek()) {
      parts.push(this.#repeated(this.#atom()));
    }
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : { kind: 'sequence', parts };
  }

  #repeated(of: PatternNode): PatternNode {
    const count = this.#count();
    if (count === undefined) return of;
    const lazy = this.#take('?') !== this.#flags.U;
    const end = this.#at;
    if (this.#count() !== undefined) {
      this.#at = end;
      throw this.#expected('no second repetition');
    }
    return { kind: 'repeat', of, ...count, lazy };
  }

  #count(): { readonly least: number; readonly most: number } | undefined {
    if (this.#take('*')) return { least: 0, most: Infinity };
    if (this.#take('+')) return { least: 1, most: Infinity };
    if (this.#take('?')) return { least: 0, most: 1 };
    if (this.#peek() !== '{') return undefined;
    // As in RE2, a brace that begins no count is a character.
    const [whole, low = '', comma, high = ''] =
      /^\{(\d{1,4})(,(\d{1,4})?)?\}/u.exec(this.#chars.slice(this.#at, this.#at + 12).join('')) ?? [];
    if (whole === undefined) return undefined;
    const least = Number(low);
    const most = comma === undefined ? least : high === '' ? Infinity : Number(high);
    if (least > most) throw this.#expected('a count with its smaller number first');
    if (least > maxCount || (most > maxCount && most !== Infinity))
      throw this.#expected(`a count of at most ${maxCount}`);
    this.#at += whole.length;
    return { least, most };
  }

  #atom(): PatternNode {
    const char = this.#next();
    switch (char) {
      case '(':
        return this.#group();
      case '[':
        return { kind: 'char', test: this.#class() };
      case '.':
        return { kind: 'char', test: this.#flags.s ? () => true : not(same('\n')) };
      case '^':
        return { kind: 'assert', what: this.#flags.m ? 'line-begin' : 'begin' };
      case '$':
        return { kind: 'assert', what: this.#flags.m ? 'line-end' : 'end' };
      case '\\':
        return this.#escape();
      case '*':
      case '+':
      case '?':
        this.#at--;
        throw this.#expected('something to repeat before it');
      default:
        return this.#literal(char);
    }
  }

  #group(): PatternNode {
    let index: number | undefined;
    const outer = this.#flags;
    if (!this.#take('?')) index = this.#groupNames.push('') - 1;
    else if (
      this.#take('P<') ||
      (this.#peek() === '<' && !/[=!]/u.test(this.#chars[this.#at + 1] ?? '') && this.#take('<'))
    ) {
      let name = '';
      while (/\w/u.test(this.#peek() ?? '')) name += this.#next();
      if (name === '' || this.#groupNames.includes(name)) throw this.#expected('a name of its own for the group');
      if (!this.#take('>')) throw this.#expected('">" after the name of the group');
      index = this.#groupNames.push(name) - 1;
    } else {
      this.#takeFlags();
      // (?i) is for the rest of the group that it stands in.
      if (this.#take(')')) return { kind: 'empty' };
      if (!this.#take(':')) throw this.#expected('":" or flags (look-around is not supported)');
    }
    const of = this.#alternatives();
    this.#flags = outer;
    if (!this.#take(')')) throw this.#expected('")"');
    return index === undefined ? of : { kind: 'group', of, index };
  }

  #takeFlags(): void {
    let value = true;
    for (;;) {
      const char = this.#peek();
      if (char === '-' && value) value = false;
      else if (char === 'i' || char === 'm' || char === 's' || char === 'U')
        this.#flags = { ...this.#flags, [char]: value };
      else return;
      this.#at++;
    }
  }

  #literal(char: string): PatternNode {
    if (this.#flags.i && char.toLowerCase() !== char.toUpperCase()) return { kind: 'char', test: caseless(same(char)) };
    return { kind: 'char', test: same(char), literal: char };
  }

  #class(): CharTest {
    const inverted = this.#take('^');
    const tests: CharTest[] = [];
    for (let first = true; first || this.#peek() !== ']'; first = false) tests.push(this.#classItem());
    this.#at++;
    // Folded before it is inverted: (?i)[^a] does not match A.
    const folded = this.#flags.i ? caseless(anyOf(tests)) : anyOf(tests);
    const matched = inverted ? not(folded) : folded;
    return inverted && !this.#flags.s ? (code) => code !== 10 && matched(code) : matched;
  }

  #classItem(): CharTest {
    if (this.#take('[:')) {
      const inverted = this.#take('^');
      let name = '';
      while (/[a-z]/u.test(this.#peek() ?? '')) name += this.#next();
      const test = Object.hasOwn(posixClasses, name) ? posixClasses[name] : undefined;
      if (test === undefined || !this.#take(':]')) throw this.#expected('the name of a class and ":]"');
      return inverted ? not(test) : test;
    }
    const low = this.#next('"]"');
    const named = low === '\\' ? this.#namedClass() : undefined;
    if (named !== undefined) return named;
    const from = low === '\\' ? this.#escapedChar() : low;
    if (this.#peek() !== '-' || this.#chars[this.#at + 1] === ']') return same(from);
    this.#at++;
    const high = this.#next('the end of the range');
    const to = high === '\\' ? this.#escapedChar() : high;
    if ((from.codePointAt(0) ?? 0) > (to.codePointAt(0) ?? 0)) {
      throw this.#expected('a range with its smaller end first, before it');
    }
    return range(from, to);
  }

  #escape(): PatternNode {
    const char = this.#peek() ?? '';
    const what = Object.hasOwn(assertions, char) ? assertions[char] : undefined;
    if (what !== undefined) {
      this.#at++;
      return { kind: 'assert', what };
    }
    if (this.#take('Q')) return this.#quoted();
    const named = this.#namedClass();
    if (named !== undefined) return { kind: 'char', test: this.#flags.i ? caseless(named) : named };
    return this.#literal(this.#escapedChar());
  }

  /** From `\Q` to `\E` everything is itself. */
  #quoted(): PatternNode {
    const parts: PatternNode[] = [];
    while (this.#peek() !== undefined && !this.#take('\\E')) parts.push(this.#literal(this.#next()));
    return { kind: 'sequence', parts };
  }

  /** `\d`, `\pL`, `\P{Greek}` after the backslash. */
  #namedClass(): CharTest | undefined {
    const char = this.#peek() ?? '';
    if (Object.hasOwn(classes, char)) {
      this.#at++;
      return classes[char];
    }
    if (char !== 'p' && char !== 'P') return undefined;
    this.#at++;
    let name = this.#next('a Unicode class');
    if (name === '{') {
      name = '';
      while (this.#peek() !== '}') name += this.#next('"}"');
      this.#at++;
    }
    const inverted = name.startsWith('^');
    const test = unicodeClass(inverted ? name.slice(1) : name);
    if (test === undefined)
      throw this.#expected(`a Unicode class that there is before it, not ${JSON.stringify(name)}`);
    return inverted === (char === 'P') ? test : not(test);
  }

  #escapedChar(): string {
    const char = this.#next('a character after the backslash');
    const control = Object.hasOwn(controls, char) ? controls[char] : undefined;
    if (control !== undefined) return control;
    if (!/[a-zA-Z0-9]/u.test(char)) return char;
    const rest = char + this.#chars.slice(this.#at, this.#at + 10).join('');
    const [whole, braced, short, octal] =
      /^x\{([0-9a-fA-F]{1,6})\}|^x([0-9a-fA-F]{2})|^(0[0-7]{0,2}|[1-7][0-7]{2})/u.exec(rest) ?? [];
    const code = octal === undefined ? Number.parseInt(braced ?? short ?? '', 16) : Number.parseInt(octal, 8);
    if (whole !== undefined && code <= 0x10_ffff) {
      this.#at += whole.length - 1;
      return String.fromCodePoint(code);
    }
    this.#at--;
    throw this.#expected('an escape: \\d \\w \\s \\b \\n \\t \\r \\pL \\x41 or a sign');
  }

  #peek(): string | undefined {
    return this.#chars[this.#at];
  }

  #next(what = 'a character'): string {
    const char = this.#chars[this.#at];
    if (char === undefined) throw this.#expected(what);
    this.#at++;
    return char;
  }

  #take(text: string): boolean {
    for (let index = 0; index < text.length; index++) if (this.#chars[this.#at + index] !== text[index]) return false;
    this.#at += text.length;
    return true;
  }

  #expected(what: string): TarsierError {
    const found = this.#peek() === undefined ? 'the end' : JSON.stringify(this.#peek());
    return new TarsierError(
      'query/regex',
      `${JSON.stringify(this.#pattern)} is not a regular expression: expected ${what} at character ${this.#at + 1}, got ${found}`,
      { field: 'query' },
    );
  }
}
