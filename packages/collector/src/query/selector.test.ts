import { expect, test } from 'vitest';
import { compileMatchers, parseSelector } from './selector.ts';

const series = [
  { name: 'cpu_busy_ratio', labels: { cpu: 'all', host: 'db-1' } },
  { name: 'cpu_busy_ratio', labels: { cpu: '0', host: 'db-1' } },
  { name: 'disk_used_bytes', labels: { mount: '/var "x"', host: 'db-2' } },
];

test.each([
  ['cpu_busy_ratio', [0, 1]],
  [' cpu_busy_ratio { cpu = "all" , } ', [0]],
  ['{__name__=~"cpu.*",cpu!="all"}', [1]],
  ['{host=~"db-.",cpu=""}', [2]],
  ['{host!~"db-1|db-3",host!=""}', [2]],
  [String.raw`disk_used_bytes{mount="/var \"x\""}`, [2]],
  ['disk_used_bytes{mount=\'/var "x"\'}', [2]],
  ['disk_used_bytes{mount=`/var "x"`}', [2]],
  ['cpu_busy_ratio{cpu=~"al"}', []],
])('%s selects series %j', (selector, expected) => {
  const matches = compileMatchers(parseSelector(selector));
  expect(series.flatMap((one, index) => (matches(one) ? [index] : []))).toEqual(expected);
});

test.each([
  ['', 'query/selector', 'expected a metric name or "{" at character 1, got the end'],
  ['up{', 'query/selector', 'expected a label name at character 4, got the end'],
  ['up{a="b"', 'query/selector', 'expected "," or "}" at character 9, got the end'],
  ['up{a=b}', 'query/selector', 'expected a quoted string at character 6, got "b}"'],
  ['up{a="b}', 'query/selector', 'expected closing " at character 9, got the end'],
  ['up{a=="b"}', 'query/selector', 'expected a quoted string at character 6'],
  ['up or down', 'query/selector', 'expected the end of the selector at character 4'],
  [String.raw`up{a="\q"}`, 'query/selector', 'expected an escape'],
  ['up{a=~"("}', 'query/regex', 'is not a regular expression'],
  ['up{a=~"b**"}', 'query/regex', 'at character 3, got "*"'],
  ['{a=~".*"}', 'query/matches-all', 'a selector needs a metric name'],
])('%j is refused: %s', (selector, code, message) => {
  expect(() => parseSelector(selector)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) }),
  );
});
