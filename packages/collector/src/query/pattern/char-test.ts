/** Whether a code point is one of those that a part of a pattern stands for. */
export type CharTest = (code: number) => boolean;

export function same(char: string): CharTest {
  const wanted = char.codePointAt(0) ?? 0;
  return (code) => code === wanted;
}

export function range(from: string, to: string): CharTest {
  const [least, most] = [from.codePointAt(0) ?? 0, to.codePointAt(0) ?? 0];
  return (code) => code >= least && code <= most;
}

export function not(test: CharTest): CharTest {
  return (code) => !test(code);
}

export function anyOf(tests: readonly CharTest[]): CharTest {
  const [only] = tests;
  if (tests.length === 1 && only !== undefined) return only;
  return (code) => tests.some((test) => test(code));
}

export function caseless(test: CharTest): CharTest {
  return (code) => {
    if (test(code)) return true;
    const char = String.fromCodePoint(code);
    return test(char.toLowerCase().codePointAt(0) ?? 0) || test(char.toUpperCase().codePointAt(0) ?? 0);
  };
}

const digit = range('0', '9');
const lower = range('a', 'z');
const upper = range('A', 'Z');
const alpha = anyOf([lower, upper]);
const alnum = anyOf([alpha, digit]);
const blank = anyOf([same(' '), same('\t')]);
const space: CharTest = (code) => code === 32 || code === 9 || code === 10 || code === 12 || code === 13;

export const isWord: CharTest = anyOf([alnum, same('_')]);

/** Perl's, by the letter after the backslash. */
export const classes: Readonly<Record<string, CharTest>> = {
  d: digit,
  D: not(digit),
  w: isWord,
  W: not(isWord),
  s: space,
  S: not(space),
};

/** `[[:alpha:]]`: of ASCII only. */
export const posixClasses: Readonly<Record<string, CharTest>> = {
  alnum,
  alpha,
  ascii: range('\0', '\x7f'),
  blank,
  cntrl: anyOf([range('\0', '\x1f'), same('\x7f')]),
  digit,
  graph: range('!', '~'),
  lower,
  print: range(' ', '~'),
  punct: anyOf([range('!', '/'), range(':', '@'), range('[', '`'), range('{', '~')]),
  space: anyOf([space, same('\v')]),
  upper,
  word: isWord,
  xdigit: anyOf([digit, range('a', 'f'), range('A', 'F')]),
};

/** A category (`L`, `Lu`) or a script (`Greek`). @returns undefined when there is none of that name */
export function unicodeClass(name: string): CharTest | undefined {
  if (!/^[A-Za-z_]+$/u.test(name)) return undefined;
  for (const property of [`General_Category=${name}`, `Script=${name}`]) {
    try {
      // One character against one class: nothing to go back over.
      const pattern = new RegExp(`^\\p{${property}}$`, 'u');
      return (code) => pattern.test(String.fromCodePoint(code));
    } catch {
      // Not a name of this kind.
    }
  }
  return undefined;
}
