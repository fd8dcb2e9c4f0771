import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parseRuleFile } from './rule-file.ts';
import { slotAt } from './rule-group.ts';

test('a rule file of Prometheus is read as it is', () => {
  const groups = parseRuleFile(`
groups:
  - name: http
    interval: 30s
    query_offset: 10s
    limit: 100
    labels: { team: web, tier: 1 }
    rules:
      - record: job:requests:rate5m
        expr: sum by (job) (rate(requests_total[5m]))
        labels:
          tier: "2"
      - alert: TooManyErrors
        expr: job:errors:ratio > 0.1
        for: 5m
        keep_firing_for: 1m
        labels: { severity: page }
        annotations:
          summary: '{{ $labels.job }} has errors'
  - name: constants
    rules:
      - { record: answer, expr: 42 }
`);
  expect(groups).toEqual([
    {
      name: 'http',
      intervalMs: 30_000,
      queryOffsetMs: 10_000,
      limit: 100,
      rules: [
        {
          kind: 'record',
          record: 'job:requests:rate5m',
          expr: 'sum by (job) (rate(requests_total[5m]))',
          labels: { team: 'web', tier: '2' },
        },
        {
          kind: 'alert',
          alert: 'TooManyErrors',
          expr: 'job:errors:ratio > 0.1',
          forMs: 300_000,
          keepFiringForMs: 60_000,
          labels: { team: 'web', tier: '1', severity: 'page' },
          annotations: { summary: '{{ $labels.job }} has errors' },
        },
      ],
    },
    {
      name: 'constants',
      intervalMs: 60_000,
      queryOffsetMs: 0,
      limit: 0,
      rules: [{ kind: 'record', record: 'answer', expr: '42', labels: {} }],
    },
  ]);
  expect(parseRuleFile('')).toEqual([]);
  expect(parseRuleFile('null\n')).toEqual([]);
});

const group = (...rules: readonly string[]) =>
  `groups:\n- name: a\n  rules:\n${rules.map((rule) => `  - ${rule}\n`).join('')}`;

test.each([
  ['groups: [', 'line 1: expected YAML: '],
  ['groups: 1', 'line 1: groups: expected an array, got string "1"'],
  ['rules: []', 'line 1: rules: there is no such field'],
  ['groups:\n- name: a\n- name: a', 'line 3: groups[1].name: expected each name once, got "a" twice'],
  ['groups:\n- rules: []', 'line 2: groups[0].name: expected a string, got nothing'],
  [
    'groups:\n- name: a\n  labels: { a-b: x }',
    'line 3: groups[0].labels.a-b: expected the name of a label, other than',
  ],
  ['groups:\n- name: a\n  interval: soon', 'line 3: groups[0].interval: expected a duration such as 1m30s, got "soon"'],
  ['groups:\n- name: a\n  interval: 10ms', 'line 3: groups[0].interval: expected a duration from 1s to 1d'],
  ['groups:\n- name: a\n  limit: -1', 'line 3: groups[0].limit: expected a number'],
  [group('{ record: "a b", expr: up }'), 'line 4: groups[0].rules[0].record: expected the name of a metric'],
  [
    group('{ record: a, expr: up }', '{ record: b, expr: "sum(" }'),
    'line 5: groups[0].rules[1].expr: 1:5: parse error',
  ],
  [
    group('{ record: a, expr: "up[5m]" }'),
    'groups[0].rules[0].expr: expected an instant vector or a scalar, got a matrix',
  ],
  [group('{ record: a, expr: up, for: 5m }'), 'line 4: groups[0].rules[0].for: there is no such field'],
  [group('{ record: a, expr: up, labels: { __name__: b } }'), 'groups[0].rules[0].labels.__name__: '],
  [
    group('{ alert: a, expr: up, annotations: { summary: "{{ shout }}" } }'),
    'line 4: groups[0].rules[0].annotations.summary: expected a template: function "shout" not defined',
  ],
  [group('{ expr: up }'), 'line 4: groups[0].rules[0].record: '],
  [
    `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'
      .split('')
      .map((name, at) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghi'[at]}`).join(',')}]`)
      .join('\n')}`,
    'expected YAML without so many aliases',
  ],
])('%j is refused with %j', (text, message) => {
  expect(() => parseRuleFile(text)).toThrow(
    expect.objectContaining({ code: 'rules/file', message: expect.stringContaining(message) }),
  );
});

test('a group is evaluated at whole intervals from an offset of its own', () => {
  const slots = [0, 9_999, 10_000, 25_000].map((at) => slotAt('some group', 10_000, 1_700_000_000_000 + at));
  expect(slots.map((slot) => slot % 10_000)).toEqual(Array(4).fill((slots[0] ?? 0) % 10_000));
  expect(slots.map((slot, index) => 1_700_000_000_000 + ([0, 9_999, 10_000, 25_000][index] ?? 0) - slot)).toSatisfy(
    (ages: number[]) => ages.every((age) => age >= 0 && age < 10_000),
  );
  expect(slotAt('another', 10_000, 0) % 10_000).not.toBe(slotAt('some group', 10_000, 0) % 10_000);
});

test('a public collection of rules is read as it is', async () => {
  const groups = parseRuleFile(await readFile(new URL('testdata/node-exporter-alerts.yaml', import.meta.url), 'utf8'));
  const rules = groups.flatMap((group) => group.rules);
  expect(rules.filter(({ kind }) => kind === 'alert')).toHaveLength(rules.length);
  expect(rules.length).toBeGreaterThan(20);
  expect(rules[0]).toMatchObject({
    alert: 'NodeFilesystemSpaceFillingUp',
    forMs: 3_600_000,
    labels: { severity: 'warning' },
  });
});
