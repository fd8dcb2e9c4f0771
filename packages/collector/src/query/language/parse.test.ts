import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseQuery, parseSelector } from './parse.ts';
import { layOutQuery, printQuery } from './print.ts';

test.each([
  ['', '1:1: parse error: no expression found in input'],
  ['sum(', '1:5: parse error: unexpected end of input'],
  ['(up', '1:4: parse error: unclosed left parenthesis'],
  ['up)', '1:3: parse error: unexpected ")"'],
  ['up down', '1:4: parse error: unexpected identifier "down"'],
  ['foo(up)', '1:1: parse error: unknown function with name "foo"'],
  ['rate(up)', '1:6: parse error: expected type range vector in call to function "rate", got instant vector'],
  ['rate(up[5m], 1)', '1:1: parse error: expected 1 argument(s) in call to "rate", got 2'],
  ['round()', '1:1: parse error: expected at least 1 argument(s) in call to "round", got 0'],
  ['sum(up, 1)', '1:1: parse error: wrong number of arguments for aggregate expression provided, expected 1, got 2'],
  ['topk(up, 1)', '1:10: parse error: expected type instant vector in aggregation expression, got scalar'],
  ['count_values(1, up)', '1:14: parse error: expected type string in aggregation parameter, got scalar'],
  ['up[5m', '1:6: parse error: unexpected end of input in subquery or range selector, expected ":" or "]"'],
  ['up[0s]', '1:4: parse error: duration must be greater than 0'],
  ['up[1m5h]', '1:4: parse error: not a valid duration string: "1m5h"'],
  ['up[5x]', '1:4: parse error: bad number or duration syntax: "5x"'],
  ['(up)[5m]', '1:1: parse error: ranges only allowed for vector selectors'],
  ['up offset 5m [5m]', '1:1: parse error: no offset modifiers allowed before range'],
  ['sum(up) offset 5m', '1:1: parse error: offset modifier must be preceded by an instant vector selector'],
  ['up @ 5 @ 6', '1:1: parse error: @ <timestamp> may not be set multiple times'],
  ['up @ Inf', '1:6: parse error: timestamp out of bounds for @ modifier'],
  ['up{}', ''],
  ['{}', '1:1: parse error: vector selector must contain at least one non-empty matcher'],
  ['{x=~".*",y!="z"}', '1:1: parse error: vector selector must contain at least one non-empty matcher'],
  ['up{__name__="down"}', '1:1: parse error: metric name must not be set twice: "up" or "down"'],
  ['up{a="b" c="d"}', '1:10: parse error: unexpected identifier "c" in label matching, expected "," or "}"'],
  ['up{a=~"(b"}', '1:1: parse error: "(b" is not a regular expression: expected ")" at character 3, got the end'],
  ['1 > 2', '1:1: parse error: comparisons between scalars must use BOOL modifier'],
  ['up + bool up', '1:6: parse error: bool modifier can only be used on comparison operators'],
  ['1 and up', '1:1: parse error: set operator "and" not allowed in binary scalar expression'],
  ['up and on(a) group_left(b) up', '1:14: parse error: no grouping allowed for "and" operation'],
  ['up + on(a) group_left(a) up', 'parse error: label "a" must not occur in ON and GROUP clause at once'],
  ['up + on(a) 1', '1:1: parse error: vector matching only allowed between instant vectors'],
  ['up + "x"', '1:6: parse error: binary expression must contain only scalar and instant vector types'],
  [
    '-"x"',
    '1:1: parse error: unary expression only allowed on expressions of type scalar or instant vector, got "string"',
  ],
  ['up[5m][5m:1m]', '1:1: parse error: subquery is only allowed on instant vector, got range vector instead'],
  ['up;', '1:3: parse error: unexpected character: ";"'],
  ["'up", '1:1: parse error: unterminated quoted string'],
  ['up\n  + (\n  down', '3:7: parse error: unclosed left parenthesis'],
  ['up # a comment\n+', '2:2: parse error: unexpected end of input'],
  [`${'('.repeat(300)}up${')'.repeat(300)}`, 'expected at most 200 levels of nesting'],
  [`up${'+up'.repeat(1_001)}`, 'expected at most 1000 operators in a row'],
  [`up${'[5m:]'.repeat(1_100)}`, 'expected at most 1000 brackets in a row'],
  [`up[${'-'.repeat(200)}5m]`, 'expected a duration of at most 100 parts'],
  [`up[${'('.repeat(200)}5m]`, 'expected a duration of at most 100 parts'],
  [`up${'^up'.repeat(300)}`, 'expected at most 200 levels of nesting'],
  [`${'-'.repeat(300)}up`, 'expected at most 200 levels of nesting'],
  ['x'.repeat(100_001), '1:1: parse error: expected at most 100000 characters, got 100001'],
])('%j is refused: %s', (query, message) => {
  if (message === '') expect(() => parseQuery(query)).not.toThrow();
  else {
    expect(() => parseQuery(query)).toThrow(
      expect.objectContaining({ code: 'query/parse', field: 'query', message: expect.stringContaining(message) }),
    );
  }
});

test('what match[] takes is a selector and nothing more', () => {
  expect(parseSelector('up{a!~"b"}')).toEqual([
    { label: 'a', op: '!~', value: 'b' },
    { label: '__name__', op: '=', value: 'up' },
  ]);
  expect(() => parseSelector('up[5m]')).toThrow('1:3: parse error: unexpected "["');
});

test.each([
  ['SUM(x)BY(a,b)', 'sum by (a, b) (x)'],
  ['topk without()(3,x)', 'topk without () (3, x)'],
  ["x{a='b',c!~`d\\d`}", String.raw`x{a="b",c!~"d\\d"}`],
  ['{__name__="x",a="b"}', '{__name__="x",a="b"}'],
  ['{"my.metric","a.b"="c"}', '{"my.metric","a.b"="c"}'],
  ['x[90s]offset -1d', 'x[1m30s] offset -1d'],
  ['x[300:60]@1.5', 'x[5m:1m] @ 1.500'],
  ['x[1h:]@end()offset 5m', 'x[1h:] @ end() offset 5m'],
  ['x[step()*2+1m]', 'x[step() * 2s + 1m]'],
  ['a+on(b,c)group_left(d)e', 'a + on (b, c) group_left (d) e'],
  ['a>bool ignoring(b)c', 'a > bool ignoring (b) c'],
  ['a+fill(0)b', 'a + fill (0) b'],
  ['-a^-2', '-a ^ -2'],
  ['+Inf', '+Inf'],
  ['1e3', '1000'],
  ['1h30m', '1h30m'],
  ['"a\\tb\\xff"', String.raw`"a\tb\xff"`],
  [
    'histogram_quantile(0.9,sum(rate(x_bucket[5m]))by(le))',
    'histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m])))',
  ],
])('%s is printed as %s', (query, printed) => {
  expect(printQuery(parseQuery(query))).toBe(printed);
  expect(printQuery(parseQuery(printed))).toBe(printed);
});

test('a long query is laid out over several lines', () => {
  const query =
    'histogram_quantile(0.99, sum by (le, service, instance) (rate(http_request_duration_seconds_bucket{job="api"}[5m])))' +
    ' / on (service) group_left (team) (service_owner_information{environment="production", region="europe-west"} * 2)';
  expect(layOutQuery(parseQuery(query))).toBe(
    [
      '  histogram_quantile(',
      '    0.99,',
      '    sum by (le, service, instance) (rate(http_request_duration_seconds_bucket{job="api"}[5m]))',
      '  )',
      '/ on (service) group_left (team)',
      '  (service_owner_information{environment="production",region="europe-west"} * 2)',
    ].join('\n'),
  );
});

test('no text breaks the parser: it parses, or says where it does not', () => {
  const words = fc.constantFrom(
    ...'sum by ( ) { } [ ] , : @ + - * / ^ == =~ offset bool on group_left start end 5m 1.5 0x "a" \'b\' `c` x y:z rate # \n'.split(
      ' ',
    ),
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(words, fc.string({ maxLength: 3 })), { maxLength: 30 }), (parts) => {
      const query = parts.join(' ');
      try {
        parseQuery(query);
      } catch (error) {
        expect(error).toMatchObject({
          code: 'query/parse',
          message: expect.stringMatching(/^\d+:\d+: parse error: /u),
        });
      }
    }),
    { numRuns: 2_000 },
  );
});
