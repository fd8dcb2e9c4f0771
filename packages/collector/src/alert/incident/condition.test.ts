import { newRuleSchema } from '@tarsier/protocol/api';
import { expect, test } from 'vitest';
import { testAlert } from '../../storage/testing-incidents.ts';
import { expressionCondition, isAbout, isSeriesOf, ruleCondition } from './condition.ts';

const alert = testAlert('a', 0, { metric: 'disk_used_ratio', labels: { host: 'a', mount: '/' } });
const rule = (body: object) => ({ ...newRuleSchema.parse({ name: 'x', ...body }), id: 'r' });

test.each([
  [{ kind: 'threshold', selector: 'disk_used_ratio', op: '>', value: 0.9 }, 'disk_used_ratio{host="a",mount="/"}'],
  [
    { kind: 'threshold', selector: 'disk_used_ratio', op: '>', value: 0.9, reduce: 'rate' },
    'rate(disk_used_ratio{host="a",mount="/"}[1m])',
  ],
  [{ kind: 'anomaly', selector: 'disk_used_ratio' }, 'disk_used_ratio{host="a",mount="/"}'],
  [{ kind: 'no-data' }, 'count({host="a"})'],
  [{ kind: 'no-data', of: 'series' }, 'disk_used_ratio{host="a",mount="/"}'],
  [{ kind: 'expression', expr: 'disk_used_ratio * 100 > 90' }, 'disk_used_ratio * 100'],
  [
    { kind: 'forecast', selector: 'disk_used_ratio', op: '>', limit: 0.98, horizonMs: 3_600_000 },
    'disk_used_ratio{host="a",mount="/"}',
  ],
])('what an alert of %j was seen in', (body, query) => {
  expect(ruleCondition(alert, rule(body)).query).toBe(query);
});

test.each([
  ['up == 0', 'up', undefined],
  ['disk_used_ratio > 0.9', 'disk_used_ratio', { op: '>', value: 0.9 }],
  ['(0.1 >= (free / size))', '(free / size)', { op: '<=', value: 0.1 }],
  ['delta(x[5m]) < -(2)', 'delta(x[5m])', { op: '<', value: -2 }],
  ['errors > 5 and on (host) up == 1', 'errors', { op: '>', value: 5 }],
  ['used > capacity', 'used', undefined],
  ['absent(up{job="x"})', 'absent(up{job="x"})', undefined],
])('%s is drawn as %s', (expr, query, threshold) => {
  const condition = expressionCondition({ expr, forMs: 60_000 });
  expect(condition).toMatchObject({ query, forMs: 60_000 });
  expect(condition.threshold).toEqual(threshold);
});

test('a series is of an alert when the alert has all of its labels', () => {
  expect(isSeriesOf(alert, { __name__: 'disk_used_ratio', mount: '/' })).toBe(true);
  expect(isSeriesOf(alert, { mount: '/home' })).toBe(false);
});

test('an alert is about the series that its expression reads', () => {
  const condition = expressionCondition({ expr: 'rate(errors_total{job="x"}[5m]) / calls > 1', forMs: 0 });
  const isOfExpression = isAbout({ ...alert, metric: '' }, condition);
  expect(isOfExpression({ name: 'errors_total', labels: { job: 'x' } })).toBe(true);
  expect(isOfExpression({ name: 'errors_total', labels: { job: 'y' } })).toBe(false);
  expect(isOfExpression({ name: 'calls', labels: {} })).toBe(true);
  const labels = { host: 'a', mount: '/', device: 'sda' };
  expect(isAbout(alert, condition)({ name: 'disk_used_ratio', labels })).toBe(true);
});
