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
  [String.raw`\bword`, 'expected an escape'],
  ['a\\', 'after the backslash'],
  ['[[:alpha:]]', 'a class without names'],
  ['((a{100}){100}){100}', 'its repetitions are too many'],
  ['x'.repeat(501), 'expected at most 500 characters, got 501'],
])('%j is refused with the place', (pattern, message) => {
  expect(() => compilePattern(pattern)).toThrow(
    expect.objectContaining({ code: 'query/regex', field: 'query', message: expect.stringContaining(message) }),
  );
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
