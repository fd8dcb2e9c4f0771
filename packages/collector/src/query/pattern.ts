/**
 * Regular expressions that a stranger may send. The engine of the language backtracks, so that a pattern of twenty
 * characters can stop the collector for hours; this one takes time in proportion to pattern times text, whatever they
 * are (Thompson 1968, doi:10.1145/363347.363387). It takes the part of RE2's syntax that label matchers use.
 */
import { TarsierError } from '@tarsier/protocol';

/** Longest pattern, characters. */
const maxLength = 500;
/** Most instructions, counted repetitions written out. */
const maxInstructions = 1_000;
/** Label values come again with every series of a host. */
const maxRemembered = 1_000;

type CharTest = (code: number) => boolean;

type Instruction =
  | { readonly op: 'char'; readonly test: CharTest; readonly next: number }
  | { readonly op: 'split'; first: number; readonly second: number }
  | { readonly op: 'begin' | 'end'; readonly next: number }
  | { readonly op: 'match' };

/** Writes the instructions that match it and go on at `next`. @returns where they begin */
type Emit = (next: number) => number;

/**
 * @param pattern  RE2 syntax without look-around, back references, `\b`, `\p` and POSIX classes; `(?i)` may come first;
 *   `.` matches line ends, too
 * @returns whether the whole text matches, as in Prometheus
 * @throws {TarsierError} `query/regex` with the position in the pattern
 */
export function compilePattern(pattern: string): (text: string) => boolean {
  if (pattern.length > maxLength) {
    throw new TarsierError(
      'query/regex',
      `regular expression: expected at most ${maxLength} characters, got ${pattern.length}`,
      { field: 'query' },
    );
  }
  const program = new PatternCompiler(pattern).compile();
  const remembered = new Map<string, boolean>();
  return (text) => {
    let matches = remembered.get(text);
    if (matches === undefined) {
      matches = run(program, text);
      if (remembered.size >= maxRemembered) remembered.clear();
      remembered.set(text, matches);
    }
    return matches;
  };
}

interface Program {
  readonly instructions: readonly Instruction[];
  readonly start: number;
}

/** Follows all ways through the program at once, one character after the other. */
function run({ instructions, start }: Program, text: string): boolean {
  const chars = Array.from(text, (char) => char.codePointAt(0) ?? 0);
  const seenAt = new Int32Array(instructions.length).fill(-1);
  let matched = false;
  const reach = (from: number, at: number, waiting: number[]): void => {
    const open = [from];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (seenAt[index] === at) continue;
      seenAt[index] = at;
      const instruction = instructions[index];
      switch (instruction?.op) {
        case 'split':
          open.push(instruction.second, instruction.first);
          break;
        case 'begin':
          if (at === 0) open.push(instruction.next);
          break;
        case 'end':
          if (at === chars.length) open.push(instruction.next);
          break;
        case 'char':
          waiting.push(index);
          break;
        case 'match':
          matched ||= at === chars.length;
          break;
        case undefined:
      }
    }
  };
  let waiting: number[] = [];
  reach(start, 0, waiting);
  for (const [at, char] of chars.entries()) {
    if (waiting.length === 0) return false;
    const next: number[] = [];
    for (const index of waiting) {
      const instruction = instructions[index];
      if (instruction?.op === 'char' && instruction.test(char)) reach(instruction.next, at + 1, next);
    }
    waiting = next;
  }
  return matched;
}

const isDigit: CharTest = (code) => code >= 48 && code <= 57;
const isWord: CharTest = (code) =>
  isDigit(code) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95;
const isSpace: CharTest = (code) => code === 32 || code === 9 || code === 10 || code === 12 || code === 13;
const not =
  (test: CharTest): CharTest =>
  (code) =>
    !test(code);
const classes: Readonly<Record<string, CharTest>> = {
  d: isDigit,
  D: not(isDigit),
  w: isWord,
  W: not(isWord),
  s: isSpace,
  S: not(isSpace),
};
const controls: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v', a: '\x07' };

class PatternCompiler {
  readonly #pattern: string;
  readonly #chars: readonly string[];
  readonly #instructions: Instruction[] = [];
  #at = 0;
  #ignoreCase = false;

  constructor(pattern: string) {
    this.#pattern = pattern;
    this.#chars = Array.from(pattern);
  }

  compile(): Program {
    this.#ignoreCase = this.#take('(?i)');
    const emit = this.#alternatives();
    if (this.#at < this.#chars.length) throw this.#expected('"(" before it');
    const start = emit(this.#write({ op: 'match' }));
    return { instructions: this.#instructions, start };
  }

  #alternatives(): Emit {
    let emit = this.#sequence();
    while (this.#take('|')) {
      const [first, second] = [emit, this.#sequence()];
      emit = (next) => this.#write({ op: 'split', first: first(next), second: second(next) });
    }
    return emit;
  }

  #sequence(): Emit {
    const parts: Emit[] = [];
    for (let char = this.#peek(); char !== undefined && char !== '|' && char !== ')'; char = this.#peek()) {
      parts.push(this.#repeated(this.#atom()));
    }
    return (next) => parts.reduceRight((after, emit) => emit(after), next);
  }

  #repeated(emit: Emit): Emit {
    const count = this.#count();
    if (count === undefined) return emit;
    // Lazy or greedy, the whole text matches or not.
    this.#take('?');
    const end = this.#at;
    if (this.#count() !== undefined) {
      this.#at = end;
      throw this.#expected('no second repetition');
    }
    const { least, most } = count;
    return (next) => {
      let after = next;
      if (most === Infinity) {
        const loop: Instruction = { op: 'split', first: next, second: next };
        after = this.#write(loop);
        loop.first = emit(after);
      } else {
        for (let time = least; time < most; time++) {
          after = this.#write({ op: 'split', first: emit(after), second: next });
        }
      }
      for (let time = 0; time < least; time++) after = emit(after);
      return after;
    };
  }

  #count(): { readonly least: number; readonly most: number } | undefined {
    if (this.#take('*')) return { least: 0, most: Infinity };
    if (this.#take('+')) return { least: 1, most: Infinity };
    if (this.#take('?')) return { least: 0, most: 1 };
    // As in RE2, a brace that begins no count is a character.
    const [whole, low = '', comma, high = ''] =
      /^\{(\d{1,4})(,(\d{1,4})?)?\}/u.exec(this.#chars.slice(this.#at).join('')) ?? [];
    if (whole === undefined) return undefined;
    const least = Number(low);
    const most = comma === undefined ? least : high === '' ? Infinity : Number(high);
    if (least > most) throw this.#expected('a count with its smaller number first');
    this.#at += whole.length;
    return { least, most };
  }

  #atom(): Emit {
    const char = this.#next();
    switch (char) {
      case '(': {
        if (this.#take('?') && !this.#take(':')) throw this.#expected('":" (look-around and flags are not supported)');
        const emit = this.#alternatives();
        if (!this.#take(')')) throw this.#expected('")"');
        return emit;
      }
      case '[':
        return this.#char(this.#class());
      case '.':
        return this.#char(() => true);
      case '^':
        return (next) => this.#write({ op: 'begin', next });
      case '$':
        return (next) => this.#write({ op: 'end', next });
      case '\\':
        return this.#char(this.#escape());
      case '*':
      case '+':
      case '?':
        this.#at--;
        throw this.#expected('something to repeat before it');
      default:
        return this.#char(same(char));
    }
  }

  #class(): CharTest {
    const inverted = this.#take('^');
    const tests: CharTest[] = [];
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      if (this.#take('[:')) throw this.#expected('a class without names such as [:alpha:]');
      tests.push(this.#classItem());
    }
    this.#at++;
    const any: CharTest = (code) => tests.some((test) => test(code));
    // Folded before it is inverted: (?i)[^a] does not match A.
    const folded = this.#folded(any);
    return inverted ? not(folded) : folded;
  }

  #classItem(): CharTest {
    const low = this.#next('"]"');
    if (low === '\\' && Object.hasOwn(classes, this.#peek() ?? '')) return this.#escape();
    const from = low === '\\' ? this.#escapedChar() : low;
    if (this.#peek() !== '-' || this.#chars[this.#at + 1] === ']') return same(from);
    this.#at++;
    const high = this.#next('the end of the range');
    const to = high === '\\' ? this.#escapedChar() : high;
    const [least, most] = [from.codePointAt(0) ?? 0, to.codePointAt(0) ?? 0];
    if (least > most) throw this.#expected('a range with its smaller end first, before it');
    return (code) => code >= least && code <= most;
  }

  #escape(): CharTest {
    const named = this.#peek() ?? '';
    const test = Object.hasOwn(classes, named) ? classes[named] : undefined;
    if (test === undefined) return same(this.#escapedChar());
    this.#at++;
    return test;
  }

  #escapedChar(): string {
    const char = this.#next('a character after the backslash');
    const control = Object.hasOwn(controls, char) ? controls[char] : undefined;
    if (control !== undefined) return control;
    if (!/[a-zA-Z0-9]/u.test(char)) return char;
    this.#at--;
    throw this.#expected('an escape: \\d \\w \\s \\n \\t \\r or a sign');
  }

  #char(test: CharTest): Emit {
    const folded = this.#folded(test);
    return (next) => this.#write({ op: 'char', test: folded, next });
  }

  #folded(test: CharTest): CharTest {
    if (!this.#ignoreCase) return test;
    return (code) => {
      const char = String.fromCodePoint(code);
      return test(code) || test(codeOf(char.toLowerCase())) || test(codeOf(char.toUpperCase()));
    };
  }

  #write(instruction: Instruction): number {
    if (this.#instructions.length >= maxInstructions) {
      throw new TarsierError('query/regex', 'regular expression: its repetitions are too many', { field: 'query' });
    }
    return this.#instructions.push(instruction) - 1;
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
    if (this.#chars.slice(this.#at, this.#at + text.length).join('') !== text) return false;
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

function same(char: string): CharTest {
  const wanted = codeOf(char);
  return (code) => code === wanted;
}

function codeOf(char: string): number {
  return char.codePointAt(0) ?? 0;
}
