import { expect, test } from 'vitest';
import { compilePattern, groupNames, patternSetting } from './pattern.ts';

test('named groups are told as they are written in either way', async () => {
  const pattern = '(?P<method>[A-Z]+) (?<path>\\S+)(?P<rest> .*)?';
  const { names, groups } = await compilePattern(pattern);
  expect(names).toEqual(['method', 'path', 'rest']);
  expect(groupNames(pattern)).toEqual(names);
  expect(groups('GET /')).toEqual({ method: 'GET', path: '/' });
  expect(groups('none')).toBeUndefined();
});

test('what backtracks without end elsewhere takes no time', async () => {
  const { matches } = await compilePattern('^((a+)+)+$');
  expect(matches('a'.repeat(100_000))).toBe(true);
  expect(matches(`${'a'.repeat(100_000)}!`)).toBe(false);
});

test.each(['', 'plain', '(?i)error|fatal', '(?P<a>x)', '\\\\1 is no reference', '[\\d.]+', '^\\w{1,50}$'])(
  '%j is a setting',
  async (pattern) => {
    expect(patternSetting.safeParse(pattern).success).toBe(true);
    await compilePattern(pattern);
  },
);

test.each(['(', 'a**', '(?=x)', '(?<!x)y', '(a)\\1', '[z-a]'])('%j is refused before it is needed', (pattern) => {
  expect(patternSetting.safeParse(pattern).error?.issues[0]?.message).toMatch(
    /^expected a regular expression as of RE2/u,
  );
});
