import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { newRuleSchema, type NewRuleInput, type Rule } from '@tarsier/protocol/api';
import { expect, test } from 'vitest';
import { defaultRules } from '../default-rules.ts';
import { formatResults, runTestFile } from '../rule-tests/run-test-files.ts';
import { exportRules } from './export-rules.ts';
import { parseRuleFile } from './rule-file.ts';

const folder = fileURLToPath(new URL('../testdata/', import.meta.url));
const stored = (rules: readonly NewRuleInput[]): Rule[] =>
  rules.map((rule, index) => ({ ...newRuleSchema.parse(rule), id: String(index) }));
const exported = (rule: NewRuleInput) => {
  const [group] = parseRuleFile(exportRules(stored([rule])));
  return { intervalMs: group?.intervalMs, ...group?.rules[0] };
};
const odd = 'Odd "name" {{ x }}';

// test/e2e/promtool.test.ts gives the same files to promtool.
test('the rules that a new tenant begins with are exported, and say what their tests say', async () => {
  const text = exportRules(stored(defaultRules));
  const file = `${folder}default.rules.yaml`;
  // As with the other files that are made of the code: pnpm generate, or this test alone with UPDATE_SCHEMA=1.
  if (process.env['UPDATE_SCHEMA'] === '1') await writeFile(file, text);
  expect(text).toBe(await readFile(file, 'utf8'));
  const files = ['default.test.yaml', 'default-days.test.yaml'].map((name) => `${folder}${name}`);
  const { text: told, ok } = formatResults(await Promise.all(files.map(runTestFile)));
  expect(ok, told).toBe(true);
  // Each that is in the file is tested by name.
  const tests = (await Promise.all(files.map((one) => readFile(one, 'utf8')))).join('');
  const rules = parseRuleFile(text).flatMap((group) => group.rules);
  const untested = rules.flatMap((rule) =>
    rule.kind === 'alert' && !tests.includes(`alertname: ${rule.alert}\n`) ? [rule.alert] : [],
  );
  // A forecast of it is a line through a day of sums over a day.
  expect(untested).toEqual(['Agent will be over its budget']);
});

test.each<[string, NewRuleInput, object]>([
  [
    'a rate with its times and a runbook',
    {
      kind: 'threshold',
      name: odd,
      selector: 'sent_total{a="{{b}}"}',
      op: '<',
      value: 5,
      reduce: 'rate',
      forMs: 90_000,
      keepFiringMs: 60_000,
      runbookUrl: '/runbooks/x',
    },
    {
      alert: odd,
      expr: 'rate(sent_total{a="{{b}}"}[1m]) < 5',
      forMs: 90_000,
      keepFiringForMs: 60_000,
      labels: { severity: 'warning' },
      annotations: {
        summary: 'rate(sent_total{a="{{ "{{" }}b}}"}[1m]) is {{ $value | humanize }}; the bound: < 5',
        runbook_url: '/runbooks/x',
      },
    },
  ],
  [
    'a second bound',
    { kind: 'threshold', name: 'Full', selector: 'used', op: '>', value: 0.9, clear: 0.8 },
    {
      expr: 'used > 0.9 or used > 0.8 and ignoring (alertname, alertstate, severity) ALERTS{alertname="Full", alertstate="firing"}',
    },
  ],
  [
    'a silent series',
    { kind: 'no-data', name: odd, selector: 'up', of: 'series', forMs: 60_000, forgetMs: 3_600_000 },
    { expr: 'present_over_time(up[1h]) unless present_over_time(up[1m])', labels: { severity: 'critical' } },
  ],
  [
    'a forecast',
    { kind: 'forecast', name: odd, selector: 'used', op: '>', limit: 1, horizonMs: 3_600_000, everyMs: 600_000 },
    { expr: 'predict_linear((used)[4h:1m], 3600) > 1', intervalMs: 600_000 },
  ],
  [
    'a rule on trial',
    { kind: 'expression', name: odd, expr: 'up == 0', shadowUntil: Date.UTC(2026, 11, 1) },
    { expr: 'up == 0', annotations: { tarsier_shadow_until: '2026-12-01T00:00:00.000Z' } },
  ],
])('%s can be taken back as a rule file', (_, rule, expected) => {
  expect(exported(rule)).toMatchObject(expected);
});

test('what PromQL has no words for is named, and what is off is left out', () => {
  const text = exportRules(
    stored([
      { kind: 'anomaly', name: 'Odd\n- evil: true', selector: 'up' },
      { kind: 'composite', name: 'Sick', condition: { rule: 'Odd' } },
      { kind: 'threshold', name: 'Off', enabled: false, selector: 'up', op: '<', value: 1 },
    ]),
  );
  expect(text).toBe(
    `# Not in here, for PromQL has no words for it: "Odd\\n- evil: true" (anomaly).
# Not in here, for PromQL has no words for it: "Sick" (composite).
groups: []
`,
  );
  expect(parseRuleFile(text)).toEqual([]);
});
