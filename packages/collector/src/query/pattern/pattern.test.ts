import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compilePattern } from './pattern.ts';

test.each([
  ['db-.', ['db-1', 'db-é', 'db-😀', 'db-\n'], ['db-', 'db-12', 'xdb-1']],
  ['web|api-[0-9]+', ['web', 'api-12'], ['web1', 'api-', 'api-x']],
  ['^(?:a|b){2,3}?$', ['ab', 'bba'], ['a', 'abab', '']],
  ['a{2}b{1,}c{0,1}', ['aab', 'aabbc'], ['ab', 'aabcc']],
  ['x{y}{,2}', ['x{y}{,2}'], ['xy']],
  [String.raw`/var/\w+\.(log|gz)`, ['/var/a_1.log'], ['/var/a-1.log', '/var/a1xlog']],
  ['[^/-]*', ['abc', ''], ['a/b', 'a-b']],
  [String.raw`[]\d_-]+`, ['5_-]'], ['a']],
  ['(?i)prod-[a-c]', ['PROD-B', 'prod-b'], ['prod-d']],
  ['(?i)[^a]', ['b'], ['a', 'A']],
  ['|a', ['', 'a'], ['b']],
  ['', [''], ['a']],
  ['a^b|a$', ['a'], ['ab', 'a^b']],
  ['(?i:PRO).*', ['production', 'PROx'], ['xpro']],
  ['x((?i)PRO)y', ['xproy', 'xPrOy'], ['Xproy', 'xproY']],
  ['(?-s)a.b', ['a b'], ['a\nb']],
  [String.raw`[[:alpha:]]+\b[^[:digit:]]`, ['abc-'], ['abc1', 'abcd']],
  [String.raw`\pL+\p{Greek}`, ['aα', 'éλ'], ['α', 'a1α']],
  [String.raw`\Qa.b\E\x41\x{1F600}`, ['a.bA😀'], ['axbA😀']],
])('%s matches whole values', (pattern, matching, others) => {
  const { matches } = compilePattern(pattern);
  expect(matching.filter((text) => !matches(text))).toEqual([]);
  expect(others.filter((text) => matches(text))).toEqual([]);
});

test.each([
  ['(', 'expected ")" at character 2, got the end'],
  ['a)', 'at character 2, got ")"'],
  ['*a', 'expected something to repeat before it at character 1, got "*"'],
  ['a**', 'expected no second repetition'],
  ['[a', 'expected "]" at character 3'],
  ['[z-a]', 'smaller end first'],
  ['a{3,2}', 'smaller number first'],
  ['(?=a)', 'expected ":"'],
  [String.raw`\yword`, 'expected an escape'],
  [String.raw`\p{Klingon}`, 'a Unicode class that there is'],
  ['a\\', 'after the backslash'],
  ['[[:letter:]]', 'the name of a class'],
  ['(?P<a>x)(?P<a>y)', 'a name of its own'],
  ['a{1001}', 'a count of at most 1000'],
  ['((a{100}){100}){100}', 'its repetitions are too many'],
  ['x'.repeat(50_001), 'expected at most 50000 characters, got 50001'],
])('%j is refused with the place', (pattern, message) => {
  expect(() => compilePattern(pattern)).toThrow(
    expect.objectContaining({ code: 'query/regex', field: 'query', message: expect.stringContaining(message) }),
  );
});

test.each([
  ['(.*)-value-(.*)', 'source-value-10', ['source-value-10', 'source', '10']],
  ['(?P<host>[^:!]+)(:(?P<port>\\d+))?', 'db:9100', ['db:9100', 'db', ':9100', '9100']],
  ['(?P<host>[^:!]+)(:(?P<port>\\d+))?', 'db', ['db', 'db', undefined, undefined]],
  ['(a+)(a*)', 'aaa', ['aaa', 'aaa', '']],
  ['(a+?)(a*)', 'aaa', ['aaa', 'a', 'aa']],
  ['(a|ab)(c|bcd)(d*)', 'abcd', ['abcd', 'a', 'bcd', '']],
  ['(x)|(y)', 'y', ['y', undefined, 'y']],
])('%s finds the groups of %s', (pattern, text, groups) => {
  expect(compilePattern(pattern).groups(text)).toEqual(groups);
  expect(compilePattern(`${pattern}!`).groups(text)).toBeUndefined();
});

/** A pattern of small parts, in the syntax that both engines share. */
const patterns = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', String.raw`\w`, ''),
    fc.tuple(tie('pattern'), tie('pattern')).map((parts) => parts.join('')),
    fc.tuple(tie('pattern'), tie('pattern')).map((parts) => `(?:${parts.join('|')})`),
    fc
      .tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '{2}', '{1,2}'))
      .map(([inner, times]) => `(${inner})${times}`),
  ),
})).pattern;

test('it says what the engine of the language says', () => {
  fc.assert(
    fc.property(patterns, fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 7 }), (pattern, chars) => {
      fc.pre(pattern.length < 60);
      const text = chars.join('');
      expect(compilePattern(pattern).matches(text)).toBe(new RegExp(`^(?:${pattern})$`, 'su').test(text));
    }),
    { numRuns: 500 },
  );
});

test('no pattern takes long, however it repeats', () => {
  const text = `${'a'.repeat(1023)}!`;
  for (const pattern of ['((a+))+', '(a|a)*', '(a?){100}a{100}', '.*a.*a.*a.*a.*a.*b', '(a|aa)+$']) {
    expect(compilePattern(pattern).matches(text)).toBe(false);
  }
}, 2_000);
