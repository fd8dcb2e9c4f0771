import type { Alert } from '@tarsier/protocol';
import { expect, test } from 'vitest';
import { AlertRuleRun, type AlertSample } from './alert-rule-run.ts';
import type { AlertingRule } from './rule-group.ts';

const minute = 60_000;
const rule: AlertingRule = {
  kind: 'alert',
  alert: 'Busy',
  expr: 'busy > 0.9',
  forMs: 2 * minute,
  keepFiringForMs: 0,
  labels: {},
  annotations: {},
};

function startRun(more: Partial<AlertingRule> = {}) {
  const seen: string[] = [];
  const open = new Map<string, Alert>();
  const sink = {
    changed(alert: Alert) {
      seen.push(`${alert.host} ${alert.state.kind}`);
      open.set(alert.id, alert);
    },
    forgotten(id: string) {
      seen.push(`${open.get(id)?.host ?? '?'} forgotten`);
    },
  };
  const make = () => new AlertRuleRun('file:1', { ...rule, ...more }, sink);
  return { seen, make, run: make() };
}

const sample = (host: string, labels: Record<string, string> = {}): AlertSample => ({
  labels: { host, ...labels },
  annotations: { summary: `${host} is busy` },
  metric: 'busy',
  value: 0.95,
});

test('each series waits, fires and ends for itself', () => {
  const { run, seen } = startRun();
  run.evaluate([sample('a')], 0);
  run.evaluate([sample('a'), sample('b')], minute);
  run.evaluate([sample('a')], 2 * minute);
  expect(run.open).toMatchObject([
    { name: 'Busy', severity: 'warning', reason: 'a is busy', state: { kind: 'firing', since: 2 * minute } },
  ]);
  run.evaluate([], 3 * minute);
  expect(seen).toEqual(['a pending', 'b pending', 'a firing', 'b forgotten', 'a resolved']);
  expect(run.open).toEqual([]);
});

test('an alert that is kept firing ends only when its series was away for that long', () => {
  const { run, seen } = startRun({ forMs: 0, keepFiringForMs: 2 * minute });
  run.evaluate([sample('a')], 0);
  run.evaluate([], minute);
  run.evaluate([sample('a')], 2 * minute);
  run.evaluate([], 3 * minute);
  run.evaluate([], 4 * minute);
  expect(seen).toEqual(['a firing']);
  run.evaluate([], 5 * minute);
  expect(seen).toEqual(['a firing', 'a resolved']);
});

test('after a restart a pending alert does not wait anew, and a firing one is not over because samples are late', () => {
  const { run, seen, make } = startRun();
  run.evaluate([sample('a')], 0);
  run.evaluate([sample('a'), sample('b')], 2 * minute);
  const restarted = make();
  restarted.restore(run.open, 3 * minute);
  restarted.evaluate([], 3 * minute);
  restarted.evaluate([sample('b')], 4 * minute);
  expect(seen).toEqual(['a pending', 'a firing', 'b pending', 'b firing']);
  restarted.evaluate([sample('b')], 8 * minute);
  expect(seen.at(-1)).toBe('a resolved');
  restarted.endAll(9 * minute, 'its rule was deleted');
  expect(seen.at(-1)).toBe('b resolved');
});

test('a rule is on trial until the time that its annotation names', () => {
  const { run } = startRun({ forMs: 0 });
  const annotations = { tarsier_shadow_until: '2026-12-01T00:00:00Z' };
  run.evaluate([{ ...sample('a'), annotations }], 0);
  expect(run.open[0]?.shadowUntil).toBe(Date.UTC(2026, 11, 1));
});

test.each([
  ['page', 'page'],
  ['critical', 'critical'],
  ['none', 'info'],
  ['high', 'critical'],
  ['strange', 'warning'],
  [undefined, 'warning'],
])('the label severity=%s is %s here', (label, expected) => {
  const { run } = startRun({ forMs: 0 });
  run.evaluate([sample('a', label === undefined ? {} : { severity: label })], 0);
  expect(run.open[0]?.severity).toBe(expected);
});
