import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { formatResults, runTestFile } from './run-test-files.ts';
import { parseRuleTests } from './test-file.ts';

const folder = fileURLToPath(new URL('testdata/', import.meta.url));

async function told(name: string): Promise<readonly string[]> {
  const result = await runTestFile(`${folder}${name}`);
  const { text, ok } = formatResults([{ ...result, file: relative(folder, result.file) }]);
  expect(ok).toBe(text.includes(' 0 failed'));
  return text.replaceAll(folder, '').trimEnd().split('\n');
}

// test/e2e/promtool.test.ts runs the same files with promtool.
test('alerts, templates and expressions that are as a test says pass', async () => {
  expect(await told('passing.test.yaml')).toEqual([
    'passing.test.yaml',
    '  ok    a host that is down is told of after five minutes, and kept for three (5 checks)',
    '  ok    a template says the value of now, and asks for others (2 checks)',
    '  ok    what is missing, stale and counted down (6 checks)',
    '1 file: 3 passed, 0 failed',
  ]);
});

test('what is not as a test says is told with its line, and the nearest that there is', async () => {
  expect(await told('failing.test.yaml')).toEqual([
    'failing.test.yaml',
    '  FAIL  too early, another label, one too many',
    '    line 13: alert HostDown at 4m',
    '      expected, but does not fire: {instance="a", job="web", severity="page"}',
    '        it is pending since 0s, for 5m',
    '    line 18: alert HostDown at 5m',
    '      fires otherwise than expected: {instance="a", job="web", severity="page"}',
    '        label severity: expected "critical"',
    '                        got      "page"',
    '        annotation summary: expected "a is gone"',
    '                            got      "a is down"',
    '    line 23: alert HostDown at 9m',
    '      fires, but is not expected: {instance="b", job="web", severity="page"}',
    '        annotation runbook_url: "/runbooks/host-down"',
    '        annotation summary: "b is down"',
    '    line 29: up + 1 at 1m',
    '      {instance="a", job="web"}: expected 2, got 1',
    '    line 32: sum by (instance) (up) at 5m',
    '      expected, but not there: {instance="c"} 0',
    '      there, but not expected: {instance="b"} 0',
    '    line 35: up{ at 1m',
    '      could not be evaluated: 1:4: parse error: unexpected end of input in label matching, expected identifier or "}"',
    '  ok    this one is as it should be (1 check)',
    '  FAIL  a series more than expected',
    '    line 55: job:up:ratio at 1m',
    '      there, but not expected: job:up:ratio{by="rule", job="web"} 1',
    '1 file: 1 passed, 2 failed',
  ]);
});

test('a rule that can not be evaluated ends its test, with the time', async () => {
  const lines = await told('broken.test.yaml');
  expect(lines.slice(0, 3)).toEqual([
    'broken.test.yaml',
    '  FAIL  two on one side',
    '    line 3: rules could not be evaluated at 1m',
  ]);
  expect(lines[3]).toMatch(/^ {6}joined: found duplicate series for the match group/u);
});

test('names and files that there are not are warned of, for a test that expects nothing would pass', async () => {
  expect(await told('odd.test.yaml')).toEqual([
    'odd.test.yaml',
    '  warning: rule_files: there is no file none-*.yaml',
    '  warning: line 7: no rule is named HostDwon',
    '  ok    test 1 (1 check)',
    '1 file: 1 passed, 0 failed',
  ]);
  expect(await told('none.test.yaml')).toMatchObject([
    'none.test.yaml',
    expect.stringMatching(/^ {2}FAIL {2}ENOENT/u),
    '1 file: 0 passed, 1 failed',
  ]);
});

test('a test may begin at a time of its own, and native histograms are refused by name', () => {
  const withStart = (start: string) => parseRuleTests(`tests:\n- start_timestamp: ${start}`).tests[0]?.start;
  expect(withStart('1609459200')).toBe(Date.UTC(2021, 0, 1));
  expect(withStart('2021-01-01T00:00:00Z')).toBe(Date.UTC(2021, 0, 1));
});

test.each([
  ['tests: [', 'line 1: expected YAML: '],
  ['rules: []', 'line 1: rules: there is no such field'],
  ['evaluation_interval: 0', 'line 1: evaluation_interval: expected more than 0'],
  ['group_eval_order: [a, a]', 'line 1: group_eval_order[1]: expected each group once, got "a" twice'],
  ['tests:\n- start_timestamp: soon', 'line 2: tests[0].start_timestamp: expected seconds, or a time such as '],
  ['tests:\n- alert_rule_test:\n  - eval_time: 1m', 'line 3: tests[0].alert_rule_test[0].alertname: '],
  [
    'tests:\n- promql_expr_test:\n  - expr: up\n    eval_time: 1 min',
    'line 4: tests[0].promql_expr_test[0].eval_time: expected a duration such as 1m30s, got "1 min"',
  ],
  [
    'tests:\n- promql_expr_test:\n  - expr: up\n    exp_samples: [{ labels: "up{a!=\'b\'}" }]',
    'exp_samples[0].labels: expected =, got != after a',
  ],
  [
    'tests:\n- promql_expr_test:\n  - expr: up\n    exp_samples: [{ value: many }]',
    'exp_samples[0].value: expected a number, got many',
  ],
  [
    'tests:\n- promql_expr_test:\n  - expr: up\n    exp_samples: [{ histogram: "{{}}" }]',
    'exp_samples[0].histogram: expected none: native histograms are not supported',
  ],
  [
    'tests:\n- input_series:\n  - { series: a, values: 1 }\n  - { series: b, values: 1+x3 }',
    'line 4: tests[0].input_series[1]: expected a number, got ',
  ],
  [
    'tests:\n- input_series:\n  - { series: a, values: "{{count:1}}x3" }',
    'line 3: tests[0].input_series[0]: native histograms are not supported',
  ],
  [
    'tests:\n- input_series:\n  - { series: a, values: 1x99999999999 }',
    'input_series[0]: expected at most 10000000 values, got 1x99999999999',
  ],
])('%j is refused with %j', (text, message) => {
  expect(() => parseRuleTests(text)).toThrow(
    expect.objectContaining({ code: 'rules/test-file', message: expect.stringContaining(message) }),
  );
});
