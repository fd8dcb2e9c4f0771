import { newRuleSchema, type NewRuleInput } from '@tarsier/protocol/api';
import { afterAll, expect, test } from 'vitest';
import { rateMetrics } from '../detect/events/anomaly-rates.ts';
import { createForecaster } from '../forecast/forecaster.ts';
import { silentLog } from '../log.ts';
import { createEngine } from '../query/engine.ts';
import { LabelSet } from '../query/label-set.ts';
import { createMemoryReader } from '../query/memory-reader.ts';
import { createTestStorage } from '../storage/testing.ts';
import { ratesAsSamples } from './rates-as-samples.ts';
import { busy, busyRule, downRule, oddness, oddRule, sent, start, startAlerting } from './testing.ts';

const { storage, drop } = await createTestStorage(() => start);
afterAll(drop);

const minute = 60_000;
const rule = (input: NewRuleInput) => newRuleSchema.parse(input);

/** Series of hosts, a value each minute from so many minutes before the clock starts. */
function stored(values: Readonly<Record<string, readonly number[]>>, before = 0) {
  const reader = createMemoryReader(
    Object.entries(values).map(([host, column]) => ({
      labels: LabelSet.ofSeries({ name: 'level', labels: { host } }),
      column: {
        times: Float64Array.from(column, (_, index) => start + (index - before) * minute),
        values: Float64Array.from(column),
      },
    })),
  );
  const engine = createEngine({ reader, log: silentLog });
  return {
    engine,
    forecaster: createForecaster({ query: { range: () => Promise.resolve([]) }, engine, now: () => start }),
  };
}

const states = (t: Awaited<ReturnType<typeof startAlerting>>): readonly string[] =>
  t.shown.map(({ name, host, state }) => `${name} ${host} ${state.kind}`);

test('an expression is looked at again and again, and a second one keeps its alert firing', async () => {
  const high = rule({
    kind: 'expression',
    name: 'High',
    expr: 'level > 9',
    clearExpr: 'level > 5',
    runbookUrl: '/r/high',
  });
  const t = await startAlerting(
    storage,
    'expression',
    [high],
    {},
    stored({ a: [1, 10, 7, 10, 7, 3, 3], b: [7, 7, 7, 7] }),
  );
  await t.advanceTo(400);
  expect(states(t)).toEqual(['High a firing', 'High a resolved']);
  expect(t.shown[0]).toMatchObject({
    severity: 'warning',
    reason: 'level > 9 gave 10',
    annotations: { runbook_url: 'https://tarsier.example/r/high' },
  });
  expect([...t.evaluations().values()]).toMatchObject([{ health: 'ok', lastError: '', missed: 0 }]);
  t.close();
});

test('an expression that can not be evaluated says so, and leaves the others and its alerts alone', async () => {
  const [bad, good] = [
    rule({ kind: 'expression', name: 'Bad', expr: 'label_replace(level, "x", "$1", "host", "(")' }),
    rule({ kind: 'expression', name: 'Good', expr: 'level > 9' }),
  ];
  const t = await startAlerting(storage, 'expression-bad', [bad, good], {}, stored({ a: [10, 10] }));
  await t.advanceTo(60);
  expect(states(t)).toEqual(['Good a firing']);
  const health = [...t.evaluations().values()].map(({ health, lastError }) => `${health} ${lastError.slice(0, 12)}`);
  expect(health.toSorted()).toEqual(['err invalid regu', 'ok ']);
  t.close();
});

test('a forecast fires before the limit is reached, says when, and is over only once it is unlikely again', async () => {
  // A hundredth a minute for two hours, then it stays where it is.
  const filling = Array.from({ length: 400 }, (_, at) => Math.min(at, 150) * 0.004);
  const will = rule({
    kind: 'forecast',
    name: 'Will be full',
    selector: 'level + 0',
    op: '>',
    limit: 0.8,
    horizonMs: 120 * minute,
    confidence: 0.9,
    clearConfidence: 0.2,
  });
  const t = await startAlerting(
    storage,
    'forecast',
    [will],
    {},
    stored({ a: filling, calm: filling.map(() => 0.3) }, 120),
  );
  await t.advanceTo(600);
  expect(states(t)).toEqual(['Will be full a firing']);
  expect(t.shown[0]?.reason).toMatch(
    /^\{host="a"\} is 0\.4\d* and will be above 0\.8 at about 2026-11-24T11:[12]\dZ .*, with a chance of \d+ %$/u,
  );
  await t.advanceTo(230 * 60);
  expect(states(t)).toEqual(['Will be full a firing', 'Will be full a resolved']);
  t.close();
});

test('a series that does not come is told of while its host goes on, and is not waited for for ever', async () => {
  const gone = rule({ kind: 'no-data', name: 'Gone', selector: 'busy', of: 'series', forgetMs: 10 * minute });
  const t = await startAlerting(storage, 'series-gone', [gone]);
  t.see([0.5]);
  for (let second = 0; second <= 60; second += 10) {
    t.see([1], second, sent);
    // Its plugin fails: the column is there, and empty.
    t.see([Number.NaN], second);
    await t.advanceTo(second);
  }
  expect(states(t)).toEqual(['Gone a firing']);
  expect(t.shown[0]).toMatchObject({
    metric: 'busy',
    reason: 'nothing has come of busy{host="a"} for 1 min, since 10:00:00 UTC',
  });
  t.see([0.5], 70);
  await t.advanceTo(71);
  expect(states(t)).toEqual(['Gone a firing', 'Gone a resolved']);
  await t.advanceTo(131);
  await t.advanceTo(740);
  expect(states(t).slice(2)).toEqual(['Gone a firing', 'Gone a resolved']);
  expect(t.shown.at(-1)?.reason).toContain('not waited for after 10 min');
  t.close();
});

test('a rule over others fires for the host on which they do, and goes on over a restart', async () => {
  const both = rule({
    kind: 'composite',
    name: 'Busy and odd',
    severity: 'critical',
    condition: { all: [{ rule: 'Busy' }, { rule: 'Odd' }, { not: { rule: 'Host down' } }] },
  });
  const t = await startAlerting(storage, 'composite', [{ ...busyRule, forMs: 0 }, oddRule, downRule, both]);
  t.see([0.99]);
  t.see([0.99], 0, busy, 'b');
  await t.advanceTo(1);
  t.anomaly(oddness);
  await t.advanceTo(2);
  const ofBoth = () => states(t).filter((state) => state.startsWith('Busy and odd'));
  expect(ofBoth()).toEqual(['Busy and odd a firing']);
  expect(t.shown.at(-1)?.reason).toBe(
    'Busy and Odd fire: busy{host="a"} was 0.99, above 0.9 since 10:00:00 UTC; unlike before',
  );
  await t.restart();
  t.replay([0.99]);
  t.anomaly(oddness);
  await t.advanceTo(5);
  expect(ofBoth()).toEqual(['Busy and odd a firing']);
  // Silence for a minute: what Host down says is against it.
  await t.advanceTo(240);
  expect(ofBoth()).toEqual(['Busy and odd a firing', 'Busy and odd a resolved']);
  t.close();
});

test('what has no host counts for every host of a rule over others, and alone for a whole tenant', async () => {
  const nightly = rule({ kind: 'expression', name: 'Night', expr: 'vector(1)', everyMs: 1_000 });
  const atNight = rule({
    kind: 'composite',
    name: 'Busy at night',
    condition: { all: [{ rule: 'Night' }, { rule: 'Busy' }] },
  });
  const anywhere = rule({
    kind: 'composite',
    name: 'Anything',
    by: [],
    condition: { any: [{ rule: 'Busy' }, { rule: 'Odd' }] },
  });
  const t = await startAlerting(storage, 'composite-tenant', [
    { ...busyRule, forMs: 0 },
    oddRule,
    nightly,
    atNight,
    anywhere,
  ]);
  for (const host of ['a', 'b']) t.see([0.99], 0, busy, host);
  await t.advanceTo(5);
  expect(
    states(t)
      .filter((state) => /Anything|at night/u.test(state))
      .toSorted(),
  ).toEqual(['Anything  firing', 'Busy at night a firing', 'Busy at night b firing']);
  t.close();
});

test('a bound on the share of unusual series of a host, and anomalies of one detector only', async () => {
  const sick = rule({
    kind: 'threshold',
    name: 'Sick',
    selector: 'host_anomaly_ratio',
    op: '>',
    value: 0.2,
    clear: 0.1,
  });
  const seasonal = rule({ kind: 'anomaly', name: 'Seasonal', selector: 'busy', detector: 'seasonal' });
  const t = await startAlerting(storage, 'anomaly-rate', [
    sick,
    seasonal,
    rule({ kind: 'no-data', name: 'Host down' }),
  ]);
  const derive = (values: readonly number[], fromS: number) => {
    const times = values.map((_, index) => start + (fromS + index * 10) * 1000);
    const rates = {
      scope: t.scope,
      host: 'a',
      series: [{ metric: rateMetrics.host, labels: {}, times, values: [...values] }],
    };
    for (const one of ratesAsSamples(rates)) t.derive(one);
  };
  derive([0.05, 0.3, 0.15], 10);
  t.anomaly(oddness);
  await t.advanceTo(31);
  expect(states(t)).toEqual(['Sick a firing']);
  derive([0.05], 40);
  // That the share is known is no sign of the host itself: nobody waits for it.
  await t.advanceTo(200);
  expect(states(t)).toEqual(['Sick a firing', 'Sick a resolved']);
  t.close();
});

test('a host that was taken away while it was down is down no more', async () => {
  const t = await startAlerting(storage, 'down-taken', [downRule]);
  t.see([0.5]);
  await t.advanceTo(61);
  t.forgetHost('a');
  await t.advanceTo(70);
  expect(states(t)).toEqual(['Host down a firing', 'Host down a resolved']);
  expect(t.shown.at(-1)?.reason).toContain('the host was taken away');
  t.close();
});

test('a database that was away ends no alert because of silence', async () => {
  const t = await startAlerting(storage, 'silence-database', [{ ...busyRule, forMs: 0 }]);
  t.see([0.99]);
  for (let second = 0; second <= 600; second += 20) {
    await t.advanceTo(second);
    t.deaf();
  }
  // The agent has kept what it could not send.
  t.see(
    Array.from({ length: 600 }, () => 0.99),
    10,
  );
  await t.advanceTo(650);
  expect(states(t)).toEqual(['Busy a firing']);
  t.close();
});

test('a rule that is changed goes on with its alerts, under its new bounds', async () => {
  const t = await startAlerting(storage, 'changed', [{ ...busyRule, forMs: 0 }]);
  t.see([0.99]);
  await t.advanceTo(1);
  await t.change({ ...busyRule, forMs: 0, value: 0.5, severity: 'critical' });
  t.see([0.7, 0.7], 1);
  await t.advanceTo(3);
  expect(states(t)).toEqual(['Busy a firing']);
  await t.change({ ...busyRule, forMs: 0, value: 0.9 });
  t.see([0.7], 3);
  await t.advanceTo(4);
  expect(states(t)).toEqual(['Busy a firing', 'Busy a resolved']);
  await t.change({ ...downRule, forMs: 10_000 });
  t.see([0.7], 5);
  await t.advanceTo(6);
  await t.change({ ...downRule, forMs: 30_000 });
  await t.advanceTo(33);
  expect(states(t)).toHaveLength(2);
  await t.advanceTo(40);
  expect(states(t).slice(2)).toEqual(['Host down a firing']);
  t.close();
});
