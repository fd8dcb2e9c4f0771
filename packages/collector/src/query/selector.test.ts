import { expect, test } from 'vitest';
import { parseSelector } from './language/parse.ts';
import { compileMatchers } from './selector.ts';

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
  ['', '1:1: parse error: unexpected end of input, expected a metric name or "{"'],
  ['up{', '1:4: parse error: unexpected end of input in label matching'],
  ['up{a="b"', '1:9: parse error: unexpected end of input in label matching, expected "," or "}"'],
  ['up{a=b}', '1:6: parse error: unexpected identifier "b" in label matching, expected string'],
  ['up{a="b}', '1:6: parse error: unterminated quoted string'],
  ['up{a=="b"}', '1:5: parse error: unexpected "=="'],
  ['up or down', '1:4: parse error: unexpected identifier "or"'],
  [String.raw`up{a="\q"}`, '1:6: parse error: invalid syntax of an escape'],
  ['up{a=~"("}', 'is not a regular expression'],
  ['up{a=~"b**"}', 'at character 3, got "*"'],
  ['{a=~".*"}', '1:1: parse error: vector selector must contain at least one non-empty matcher'],
])('%j is refused: %s', (selector, message) => {
  expect(() => parseSelector(selector)).toThrow(
    expect.objectContaining({ code: 'query/parse', message: expect.stringContaining(message) }),
  );
});
