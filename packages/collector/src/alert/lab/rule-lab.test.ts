import { newSilenceSchema, ruleLabSchema } from '@tarsier/protocol/api';
import { afterAll, expect, test } from 'vitest';
import { createForecaster } from '../../forecast/forecaster.ts';
import { silentLog } from '../../log.ts';
import { createEngine } from '../../query/engine.ts';
import { LabelSet } from '../../query/label-set.ts';
import { createMemoryReader } from '../../query/memory-reader.ts';
import { createTestStorage } from '../../storage/testing.ts';
import { testAlert, testOutcome } from '../../storage/testing-incidents.ts';
import { oddness } from '../testing.ts';
import { createRuleLab } from './rule-lab.ts';

const start = Date.UTC(2026, 10, 24, 10);
const minute = 60_000;
const { storage, drop } = await createTestStorage(() => start);
afterAll(drop);

/** `busy` of hosts, a value each minute. */
function labOver(values: Readonly<Record<string, readonly number[]>>) {
  const reader = createMemoryReader(
    Object.entries(values).map(([host, column]) => ({
      labels: LabelSet.ofSeries({ name: 'busy', labels: { host } }),
      column: {
        times: Float64Array.from(column, (_, index) => start + index * minute),
        values: Float64Array.from(column),
      },
    })),
  );
  const engine = createEngine({ reader, log: silentLog });
  const query = { range: () => Promise.resolve([]) };
  return createRuleLab({ storage, engine, forecaster: createForecaster({ query, engine, now: () => start }) });
}

const over = (minutes: number, rule: object) =>
  ruleLabSchema.parse({ rule, start, end: start + minutes * minute, stepMs: minute });

test('a slider says how many pages each bound would have meant, and which were in real incidents', async () => {
  const scope = await storage.tenants.ensure('slider');
  const alert = testAlert('real', start + 9 * minute);
  const { incidents, ...outcome } = testOutcome(alert, [], start + 9 * minute);
  const acknowledged = new Map([...incidents].map(([id, one]) => [id, { ...one, assignee: 'ann' }]));
  await storage.incidents.save(scope, { ...outcome, incidents: acknowledged });
  const busy = [0.1, 0.7, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.95, 0.95, 0.1, 0.1];
  const { trials } = await labOver({ a: busy }).try(
    scope,
    over(13, { kind: 'threshold', expr: 'busy', op: '>', values: [0.5, 0.9, 0.99] }),
  );
  expect(
    trials.map(({ value, fired, pages, pagesInRealIncidents }) => [value, fired, pages.length, pagesInRealIncidents]),
  ).toEqual([
    [0.5, 2, 4, 2],
    [0.9, 1, 2, 2],
    [0.99, 0, 0, 0],
  ]);
  expect(trials[1]?.pages[0]).toMatchObject({
    at: start + 10 * minute,
    reason: 'first',
    title: 'Trial on a',
    why: 'busy was 0.95, > 0.9',
    realIncident: 'i-real',
  });
  expect(trials.map(({ missedIncidents }) => missedIncidents)).toEqual([[], [], ['i-real']]);
});

test('the whole way counts: waiting, hysteresis, cooldown, grouping and silences', async () => {
  const scope = await storage.tenants.ensure('whole');
  const swinging = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? 0.95 : 0.85));
  const lab = labOver({ a: swinging, b: swinging });
  const pagesOf = async (rule: object) =>
    (await lab.try(scope, over(39, { expr: 'busy', op: '>', values: [0.9], ...rule }))).trials[0];
  const plain = await pagesOf({ kind: 'threshold' });
  expect(plain?.fired).toBe(40);
  // Two hosts that come and go are one incident, told as flapping: a few pages for eighty changes.
  expect(plain?.pages.map(({ reason }) => reason)).toEqual(['first', 'resolved', 'again', 'resolved', 'flapping']);
  expect((await pagesOf({ kind: 'threshold', clearBy: 0.1 }))?.fired).toBe(2);
  expect((await pagesOf({ kind: 'threshold', forMs: 2 * minute }))?.pages).toEqual([]);
  const muted = newSilenceSchema.parse({ matchers: ['alertname="Trial"'], endsAt: start + 60 * minute });
  await storage.alertPolicies.silences.create(scope, muted);
  const silenced = await pagesOf({ kind: 'threshold', clearBy: 0.1 });
  expect([silenced?.pages.length, silenced?.unsent[0]]).toEqual([0, { reason: 'silenced', count: 2 }]);
});

test('an expression that gives what fires is tried as it is, and one that can not be read says where', async () => {
  const scope = await storage.tenants.ensure('expression');
  const lab = labOver({ a: [0.1, 0.95, 0.95, 0.95], b: [0.1, 0.1, 0.1, 0.95] });
  const { trials } = await lab.try(
    scope,
    over(3, { kind: 'expression', expr: 'max(busy) > 0.9', forMs: minute, name: 'Busy' }),
  );
  expect(trials[0]?.pages).toMatchObject([{ at: start + 2 * minute, title: 'Busy', why: 'max(busy) > 0.9 gave 0.95' }]);
  await expect(lab.try(scope, over(3, { kind: 'expression', expr: 'max(' }))).rejects.toThrow('parse error');
});

test('an expression has a second one that keeps it firing, as the rule has', async () => {
  const scope = await storage.tenants.ensure('expression-clear');
  const lab = labOver({ a: [0.95, 0.85, 0.95, 0.85, 0.1, 0.1] });
  const rule = { kind: 'expression', expr: 'busy > 0.9' };
  const firedOf = async (more: object) => (await lab.try(scope, over(5, { ...rule, ...more }))).trials[0]?.fired;
  expect([await firedOf({}), await firedOf({ clearExpr: 'busy > 0.8' })]).toEqual([2, 1]);
});

test('silence is replayed: a host that came, and then did not', async () => {
  const scope = await storage.tenants.ensure('silence');

  const lab = labOver({ a: Array.from({ length: 12 }, () => 0.1), b: [0.1, 0.1, 0.1, 0.1, 0.1] });
  const { trials } = await lab.try(scope, over(11, { kind: 'no-data', selector: 'busy', forMs: 3 * minute }));
  // b's five values are the first five minutes.
  expect(trials[0]?.pages).toMatchObject([
    { at: start + 7 * minute, title: 'Trial on b', why: 'nothing came for 3 min' },
  ]);
});

test('anomalies are replayed by their score, from the peak to the end', async () => {
  const scope = await storage.tenants.ensure('anomalies');
  await storage.anomalies.save(scope, [
    { ...oddness, id: 'weak', peakScore: 4.5, peakAt: start + 2 * minute, end: start + 3 * minute },
    { ...oddness, id: 'strong', peakScore: 9, peakAt: start + 10 * minute, end: start + 12 * minute },
  ]);
  const { trials } = await labOver({}).try(
    scope,
    over(20, { kind: 'anomaly', selector: 'busy', values: [4, 6, 12], detector: 'zscore' }),
  );
  expect(trials.map(({ value, fired }) => [value, fired])).toEqual([
    [4, 2],
    [6, 1],
    [12, 0],
  ]);
  expect(trials[1]?.pages[0]).toMatchObject({ at: start + 10 * minute, why: 'unlike before' });
  const other = over(20, { kind: 'anomaly', selector: 'busy', values: [4], detector: 'seasonal' });
  expect((await labOver({}).try(scope, other)).trials[0]?.fired).toBe(0);
});

test('a forecast is replayed from what was known at each time, and limits are tried beside each other', async () => {
  const scope = await storage.tenants.ensure('forecast');
  const filling = Array.from({ length: 241 }, (_, at) => Math.min(0.4 + at * 0.002, 0.8));
  const rule = { kind: 'forecast', selector: 'busy + 0', op: '>', horizonMs: 60 * minute, everyMs: 10 * minute };
  const { trials } = await labOver({ a: filling }).try(
    scope,
    ruleLabSchema.parse({
      rule: { ...rule, values: [0.7, 5] },
      start: start + 60 * minute,
      end: start + 140 * minute,
      stepMs: 10 * minute,
    }),
  );
  expect(trials.map(({ value, fired }) => [value, fired])).toEqual([
    [0.7, 1],
    [5, 0],
  ]);
  const [first] = trials[0]?.pages ?? [];
  // 0.7 is reached after 150 minutes; an hour ahead it can be seen after 90.
  expect(first?.at).toBeGreaterThanOrEqual(start + 80 * minute);
  expect(first?.at).toBeLessThanOrEqual(start + 110 * minute);
  expect(first?.why).toMatch(/will be above 0.7 at about 2026-11-24T12:[23]\dZ .*with a chance of \d+ %/u);
  const often = { ...rule, values: [0.7], everyMs: 10_000 };
  const tooMany = ruleLabSchema.parse({ rule: often, start, end: start + 600 * minute, stepMs: 10_000 });
  await expect(labOver({ a: filling }).try(scope, tooMany)).rejects.toThrow('everyMs: expected at most 500 forecasts');
});

test('a rule over others is replayed over the alerts that they had', async () => {
  const scope = await storage.tenants.ensure('composite');
  const alertOf = (name: string, host: string, from: number, to: number) => ({
    ...testAlert(`${name}-${host}`.padEnd(32, '0'), start + from * minute, { host, name }),
    state: { kind: 'resolved', since: start + from * minute, value: 1, resolvedAt: start + to * minute } as const,
  });
  await storage.alerts.save(scope, [
    alertOf('Busy', 'a', 1, 10),
    alertOf('Slow', 'a', 5, 12),
    alertOf('Busy', 'b', 1, 10),
    alertOf('Slow', 'c', 1, 10),
  ]);
  const { trials } = await labOver({}).try(
    scope,
    over(20, { kind: 'composite', condition: { all: [{ rule: 'Busy' }, { rule: 'Slow' }] } }),
  );
  expect(trials[0]?.pages.map(({ at, reason, title }) => [(at - start) / minute, reason, title])).toEqual([
    [5, 'first', 'Trial on a'],
    [10, 'resolved', 'Trial on a'],
  ]);
});
