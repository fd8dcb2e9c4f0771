import { afterAll, expect, test } from 'vitest';
import type { Alerts } from '../storage/alerts.ts';
import { silentLog } from '../log.ts';
import { storedSeries } from '../detect/testing.ts';
import { createTestStorage } from '../storage/testing.ts';
import { createAlerting } from './alerting.ts';
import { busy, busyRule, downRule, nothingStored, oddness, oddRule, sent, start, startAlerting } from './testing.ts';

const { storage, drop } = await createTestStorage(() => start);
afterAll(drop);

test('a bound that is crossed for long enough is told once, with its reason, and once more when it is over', async () => {
  const t = await startAlerting(storage, 'once', [busyRule]);
  t.see([0.5, 0.95, 0.96, 0.97]);
  await t.advanceTo(4);
  expect(t.received).toEqual([]);
  t.see([0.98, 0.99, 0.99], 4);
  await t.advanceTo(7);
  expect(t.received).toMatchObject([
    {
      status: 'firing',
      alert: {
        name: 'Busy',
        severity: 'warning',
        host: 'a',
        reason: 'busy{host="a"} was 0.98, above 0.9 for 3 s since 10:00:01 UTC',
        state: { since: start + 4000 },
      },
    },
  ]);
  t.see([0.99, 0.99], 7);
  t.see([0.2], 9);
  await t.advanceTo(10);
  expect(t.received).toHaveLength(2);
  expect(t.received[1]).toMatchObject({
    status: 'resolved',
    alert: {
      reason: 'busy{host="a"} was 0.98, above 0.9 for 3 s since 10:00:01 UTC; over: 0.2 at 10:00:09 UTC',
      state: { kind: 'resolved', resolvedAt: start + 9000, value: 0.2 },
    },
  });
  expect((await storage.lists.alerts(t.scope, { limit: 10 })).items.map(({ state }) => state.kind)).toEqual([
    'resolved',
  ]);
  t.close();
});

test('what crosses the bound only now and then does not fire, and leaves nothing behind', async () => {
  const t = await startAlerting(storage, 'flapping', [busyRule]);
  for (let at = 0; at < 40; at += 4) t.see([0.99, 0.99, 0.99, 0.1], at);
  await t.advanceTo(40);
  expect(t.received).toEqual([]);
  expect(await storage.lists.alerts(t.scope, { limit: 10 })).toEqual({ items: [] });
  t.close();
});

test('a restart neither repeats nor forgets an alert, nor begins its waiting anew', async () => {
  const t = await startAlerting(storage, 'restart', [busyRule]);
  t.see([0.99, 0.99]);
  await t.advanceTo(2);
  await t.restart();
  t.see([0.99, 0.99], 2);
  await t.advanceTo(4);
  expect(t.received.map(({ status }) => status)).toEqual(['firing']);
  await t.restart();
  t.see([0.99, 0.99], 4);
  await t.advanceTo(6);
  expect(t.received).toHaveLength(1);
  t.see([0.1], 6);
  await t.advanceTo(7);
  expect(t.received.map(({ status }) => status)).toEqual(['firing', 'resolved']);
  t.close();
});

test('what began and ended before a crash does not begin again when its samples are looked at once more', async () => {
  const t = await startAlerting(storage, 'looked-at-again', [{ ...busyRule, forMs: 0 }]);
  t.see([0.99]);
  await t.advanceTo(1);
  t.see([0.1], 1);
  await t.advanceTo(2);
  await t.restart();
  t.see([0.99, 0.1]);
  await t.advanceTo(3);
  expect(t.statuses()).toEqual(['firing', 'resolved']);
  expect(t.shown.map(({ state }) => state.kind)).toEqual(['firing', 'resolved']);
  // What comes after it is another alert.
  t.see([0.99], 3);
  await t.advanceTo(4);
  expect(t.shown.map(({ state }) => state.kind)).toEqual(['firing', 'resolved', 'firing']);
  t.close();
});

test('a receiver that is down is tried again until it takes the notification', async () => {
  const t = await startAlerting(storage, 'receiver', [{ ...busyRule, forMs: 0 }]);
  t.refuse(true);
  t.see([0.99]);
  await t.advanceTo(1);
  await t.advanceTo(20);
  expect(t.received).toEqual([]);
  t.refuse(false);
  await t.advanceTo(60);
  await t.advanceTo(120);
  expect(t.received).toHaveLength(1);
  t.close();
});

test('while a host’s clock that was set back is not past what was seen, nothing fires, and what fires is over after five minutes', async () => {
  const t = await startAlerting(storage, 'set-back', [{ ...busyRule, forMs: 0 }]);
  await t.advanceTo(600);
  t.see([0.99], 600);
  await t.advanceTo(601);
  expect(t.statuses()).toEqual(['firing']);
  // Ten minutes back, while the collector's goes on.
  for (let s = 1; s < 320; s += 20) {
    t.see([0.1, 0.99], s);
    await t.advanceTo(601 + s);
  }
  expect(t.statuses()).toEqual(['firing', 'resolved']);
  expect(t.shown.at(-1)).toMatchObject({ state: { kind: 'resolved', resolvedAt: start + 600_000 } });
  t.see([0.99], 601);
  await t.advanceTo(1_202);
  expect(t.statuses()).toEqual(['firing', 'resolved', 'firing']);
  t.close();
});

test('late samples do not turn back what newer ones have decided', async () => {
  const t = await startAlerting(storage, 'late', [{ ...busyRule, forMs: 0 }]);
  t.see([0.99, 0.99], 100);
  t.see([0.1, 0.1], 50);
  await t.advanceTo(102);
  expect(t.received.map(({ status }) => status)).toEqual(['firing']);
  t.close();
});

test('an alert whose series falls silent is over after five minutes, and says why', async () => {
  const t = await startAlerting(storage, 'silent', [{ ...busyRule, forMs: 0 }]);
  t.see([0.99]);
  await t.advanceTo(299);
  expect(t.received).toHaveLength(1);
  await t.advanceTo(301);
  expect(t.received[1]).toMatchObject({
    status: 'resolved',
    alert: { reason: expect.stringContaining('over: no samples since 10:00:00 UTC') },
  });
  t.close();
});

test('a deleted rule ends its alerts', async () => {
  const t = await startAlerting(storage, 'deleted', [{ ...busyRule, forMs: 0 }]);
  t.see([0.99]);
  await t.advanceTo(1);
  await t.deleteRules();
  await t.reloadRules();
  await t.advanceTo(2);
  expect(t.received.map(({ status }) => status)).toEqual(['firing', 'resolved']);
  t.close();
});

test('a counter is compared by its rate where the rule says so', async () => {
  const t = await startAlerting(storage, 'rate', [
    { ...busyRule, selector: 'sent_total', reduce: 'rate', value: 50, forMs: 0 },
  ]);
  t.see([1000, 1010, 1020, 1120, 5, 10], 0, sent);
  await t.advanceTo(6);
  expect(t.shown.map(({ state }) => [state.kind, state.value])).toEqual([
    ['firing', 100],
    ['resolved', 5],
  ]);
  // It was over before anybody could be told: once is enough.
  expect(t.statuses()).toEqual(['resolved']);
  t.close();
});

test('an anomaly that is strong enough fires its rule while it lasts', async () => {
  const t = await startAlerting(storage, 'anomaly', [{ ...oddRule, forMs: 2000 }]);
  t.anomaly({ ...oddness, peakScore: 4 });
  await t.advanceTo(5);
  expect(t.received).toEqual([]);
  t.anomaly({ ...oddness, peakScore: 8, peakAt: start + 5000 });
  t.see([0.5], 6);
  await t.advanceTo(60);
  expect(t.received).toEqual([]);
  // It still lasts when its host's samples are two seconds further.
  t.see([0.5, 0.5], 7);
  await t.advanceTo(60);
  expect(t.received).toMatchObject([{ status: 'firing', alert: { name: 'Odd', reason: 'unlike before' } }]);
  t.anomaly({ ...oddness, peakScore: 8, peakAt: start + 5000, end: start + 9000 });
  await t.advanceTo(61);
  expect(t.received.map(({ status }) => status)).toEqual(['firing', 'resolved']);
  t.close();
});

test('rules and samples of another tenant do not meet', async () => {
  const one = await startAlerting(storage, 'apart-one', [{ ...busyRule, forMs: 0 }]);
  const two = await startAlerting(storage, 'apart-two', []);
  two.see([0.99]);
  await two.advanceTo(1);
  await one.advanceTo(1);
  expect([one.received, two.received]).toEqual([[], []]);
  one.close();
  two.close();
});

test('an alert that fires for hours goes on over a restart, and its agent may take minutes to come back', async () => {
  const t = await startAlerting(storage, 'hours', [busyRule]);
  t.see([0.99, 0.99, 0.99, 0.99]);
  await t.advanceTo(4);
  // Stopped for three hours.
  await t.restart(3 * 3600);
  await t.advanceTo(3 * 3600 + 290);
  t.see([0.99, 0.99], 3 * 3600 + 289);
  await t.advanceTo(3 * 3600 + 291);
  expect(t.statuses()).toEqual(['firing']);
  t.see([0.1], 3 * 3600 + 292);
  await t.advanceTo(3 * 3600 + 293);
  expect(t.statuses()).toEqual(['firing', 'resolved']);
  t.close();
});

test('an agent that catches up after an outage is not taken for silent', async () => {
  const t = await startAlerting(storage, 'catching-up', [busyRule]);
  const late = 3600;
  for (let at = 0; at < 600; at += 60) {
    await t.advanceTo(late + at / 60);
    t.see(
      Array.from({ length: 60 }, () => 0.99),
      at,
    );
  }
  await t.advanceTo(late + 11);
  expect(t.statuses()).toEqual(['firing']);
  t.close();
});

test('a host that was off does not count as having waited', async () => {
  const t = await startAlerting(storage, 'off', [{ ...busyRule, forMs: 60_000 }]);
  t.see([0.99, 0.99]);
  // The samples of the next hour never came; the clock did not tick meanwhile, as when the collector was busy.
  t.see([0.99, 0.99], 3600);
  await t.advanceTo(3602);
  expect(t.received).toEqual([]);
  t.close();
});

test('a late sample begins no alert that newer ones know nothing of', async () => {
  const t = await startAlerting(storage, 'late-begin', [{ ...busyRule, forMs: 0 }]);
  t.see([0.1, 0.1], 100);
  t.see([0.99, 0.99], 50);
  await t.advanceTo(102);
  expect(t.shown).toEqual([]);
  t.close();
});

test('a gap is no recovery', async () => {
  const t = await startAlerting(storage, 'gap', [{ ...busyRule, forMs: 0 }]);
  t.see([0.99, Number.NaN, Number.NaN, 0.99]);
  await t.advanceTo(4);
  expect(t.statuses()).toEqual(['firing']);
  t.close();
});

test('each host has its own alert', async () => {
  const t = await startAlerting(storage, 'hosts', [{ ...busyRule, forMs: 0 }]);
  for (const host of ['a', 'b']) t.see([0.99], 0, busy, host);
  t.see([0.1], 1, busy, 'b');
  await t.advanceTo(2);
  expect(t.shown.map(({ host, state }) => `${host} ${state.kind}`).toSorted()).toEqual([
    'a firing',
    'b firing',
    'b resolved',
  ]);
  t.close();
});

test('a notification that was saved before a crash is sent once after it', async () => {
  const t = await startAlerting(storage, 'crash', [{ ...busyRule, forMs: 0 }]);
  t.see([0.99]);
  await t.flush();
  await t.restart();
  await t.advanceTo(1);
  await t.restart();
  await t.advanceTo(120);
  expect(t.statuses()).toEqual(['firing']);
  t.close();
});

test('a receiver that was down hears of the beginning before the end', async () => {
  const t = await startAlerting(storage, 'order', [{ ...busyRule, forMs: 0 }]);
  t.refuse(true);
  t.see([0.99]);
  await t.advanceTo(1);
  t.see([0.1], 2);
  t.refuse(false);
  for (let at = 2; at < 300; at++) await t.advanceTo(at);
  expect(t.statuses()).toEqual(['firing', 'resolved']);
  t.close();
});

test('a rule that was deleted while the collector was stopped leaves no alert firing', async () => {
  const t = await startAlerting(storage, 'deleted-meanwhile', [{ ...busyRule, forMs: 0 }]);
  t.see([0.99]);
  await t.advanceTo(1);
  await t.deleteRules();
  await t.restart();
  await t.advanceTo(2);
  expect(t.received[1]).toMatchObject({
    status: 'resolved',
    alert: { reason: expect.stringContaining('its rule was deleted') },
  });
  t.close();
});

test('two changes of the rules at once end with the newer', async () => {
  const t = await startAlerting(storage, 'reloads', [{ ...busyRule, forMs: 0 }]);
  await Promise.all([t.reloadRules(), t.deleteRules().then(t.reloadRules), t.reloadRules()]);
  t.see([0.99]);
  await t.advanceTo(1);
  expect(t.received).toEqual([]);
  t.close();
});

test('an anomaly that goes on over a restart is told of once, and one that does not is over', async () => {
  const t = await startAlerting(storage, 'anomaly-restart', [oddRule], { groupBy: ['host'], togetherMs: 0 });
  t.anomaly(oddness);
  t.anomaly({ ...oddness, id: 'y', host: 'b', labels: { host: 'b' } });
  await t.advanceTo(1);
  await t.restart();
  t.anomaly({ ...oddness, peakAt: start + 2000 });
  await t.advanceTo(3);
  expect(t.received.map(({ status, alert }) => `${alert.host} ${status}`).toSorted()).toEqual([
    'a firing',
    'b firing',
    'b resolved',
  ]);
  // The end of another anomaly of the series is not the end of this one.
  t.anomaly({ ...oddness, id: 'z', end: start + 3000 });
  await t.advanceTo(4);
  expect(t.received).toHaveLength(3);
  t.anomaly({ ...oddness, end: start + 4000 });
  await t.advanceTo(5);
  expect(t.statuses().at(-1)).toBe('resolved');
  t.close();
});

test('an anomaly that lasted long enough within one batch is told of, a shorter one is not', async () => {
  const t = await startAlerting(storage, 'anomaly-batch', [{ ...oddRule, forMs: 5000 }]);
  t.anomaly(oddness);
  t.anomaly({ ...oddness, end: start + 4000 });
  await t.advanceTo(5);
  expect(t.shown.map(({ state }) => state.kind)).toEqual(['pending']);
  t.anomaly({ ...oddness, id: 'y', peakAt: start + 60_000 });
  t.anomaly({ ...oddness, id: 'y', peakAt: start + 60_000, end: start + 66_000 });
  await t.advanceTo(70);
  expect(t.shown.map(({ state }) => state.kind)).toEqual(['pending', 'pending', 'firing', 'resolved']);
  expect(t.statuses()).toEqual(['resolved']);
  expect(await storage.alerts.open(t.scope)).toEqual([]);
  t.close();
});

test('while the database is away changes wait, and are then saved in their order', async () => {
  const scope = await storage.tenants.ensure('away');
  await storage.rules.create(scope, { ...busyRule, forMs: 0 });
  let isAway = true;
  const alerts: Alerts = {
    ...storage.alerts,
    async save(...change) {
      if (isAway) throw new Error('connection refused');
      await storage.alerts.save(...change);
    },
  };
  const shown: string[] = [];
  const alerting = createAlerting({
    ...nothingStored,
    storage: { ...storage, alerts },
    onAlert: (_, { state }) => shown.push(state.kind),
    log: silentLog,
    now: () => start,
  });
  await alerting.restore(scope);
  alerting.consume(storedSeries([0.99, 0.1, 0.99], { t0: start, metric: busy, tenantId: scope.tenantId }));
  await alerting.tick(start);
  expect(shown).toEqual([]);
  isAway = false;
  await alerting.tick(start);
  expect(shown).toEqual(['firing', 'resolved', 'firing']);
  expect(await storage.alerts.open(scope)).toHaveLength(1);
});

test('a page that fails to show an alert does not make it be told twice', async () => {
  const scope = await storage.tenants.ensure('failing-page');
  await storage.rules.create(scope, { ...busyRule, forMs: 0 });
  let calls = 0;
  const alerting = createAlerting({
    ...nothingStored,
    storage,
    onAlert() {
      calls++;
      throw new Error('socket closed');
    },
    log: silentLog,
    now: () => start,
  });
  await alerting.restore(scope);
  alerting.consume(storedSeries([0.99], { t0: start, metric: busy, tenantId: scope.tenantId }));
  await alerting.tick(start);
  await alerting.tick(start);
  expect(calls).toBe(1);
});

test('a value that swings about its bound is one alert where the rule has a second one to be over', async () => {
  const t = await startAlerting(storage, 'hysteresis', [{ ...busyRule, forMs: 0, clear: 0.8 }]);
  t.see([0.95, 0.85, 0.95, 0.85, 0.95, 0.79]);
  await t.advanceTo(6);
  expect(t.shown.map(({ state }) => state.kind)).toEqual(['firing', 'resolved']);
  expect(t.shown[1]?.state).toMatchObject({ value: 0.79, resolvedAt: start + 5000 });
  t.close();
});

test('an alert that is kept firing ends only once its condition has ceased for that long', async () => {
  const t = await startAlerting(storage, 'kept', [{ ...busyRule, forMs: 0, keepFiringMs: 3000 }]);
  t.see([0.95, 0.1, 0.1, 0.95, 0.1, 0.1, 0.1]);
  await t.advanceTo(7);
  expect(t.shown.map(({ state }) => state.kind)).toEqual(['firing']);
  t.see([0.1], 7);
  await t.advanceTo(8);
  expect(t.shown.map(({ state }) => state.kind)).toEqual(['firing', 'resolved']);
  t.close();
});

test('a host of which nothing comes is told once, and again when it is back', async () => {
  const t = await startAlerting(storage, 'down', [downRule]);
  t.see([0.5]);
  t.see([0.5], 0, sent, 'other');
  await t.advanceTo(59);
  expect(t.received).toEqual([]);
  await t.advanceTo(60);
  await t.advanceTo(1000);
  expect(t.received).toMatchObject([
    {
      status: 'firing',
      alert: { host: 'a', severity: 'critical', reason: 'nothing has come of a for 1 min, since 10:00:00 UTC' },
    },
  ]);
  t.see([0.5], 1001);
  await t.advanceTo(1002);
  expect(t.statuses()).toEqual(['firing', 'resolved']);
  t.close();
});

test('a restart tells nobody again that a host is down, nor that it is back because of what was stored before', async () => {
  const t = await startAlerting(storage, 'down-restart', [downRule]);
  t.see([0.5]);
  t.see([0.5], 0, busy, 'b');
  await t.advanceTo(30);
  t.see([0.5], 30, busy, 'b');
  await t.advanceTo(60);
  expect(t.statuses()).toEqual(['firing']);
  await t.restart(100);
  t.replay([0.5], 0);
  t.replay([0.5], 30, 'b');
  // The agent of b may take two minutes to come back, and one more is the rule's.
  await t.advanceTo(279);
  expect(t.statuses()).toEqual(['firing']);
  await t.advanceTo(280);
  expect(t.shown.map(({ host, state }) => `${host} ${state.kind}`)).toEqual(['a firing', 'b firing']);
  t.close();
});

test('nobody waits for a host that was taken away', async () => {
  const t = await startAlerting(storage, 'down-gone', [downRule]);
  t.see([0.5]);
  t.forgetHost('a');
  await t.advanceTo(100);
  expect(t.received).toEqual([]);
  t.close();
});

test('a database that was away makes no host down: agents have two minutes to come back', async () => {
  const t = await startAlerting(storage, 'down-database', [downRule]);
  for (const host of ['a', 'b']) t.see([0.5], 0, busy, host);
  for (let second = 10; second <= 600; second += 10) {
    await t.advanceTo(second);
    t.deaf();
  }
  // It answers again: a comes back after a minute and a half, b never does.
  await t.advanceTo(690);
  t.see([0.5], 690);
  await t.advanceTo(740);
  t.see([0.5], 740);
  await t.advanceTo(779);
  expect(t.shown).toEqual([]);
  await t.advanceTo(781);
  expect(t.shown.map(({ host, state }) => `${host} ${state.kind}`)).toEqual(['b firing']);
  t.close();
});

test('a host whose samples can not be stored is not silent, and others are', async () => {
  const t = await startAlerting(storage, 'down-refused', [downRule]);
  for (const host of ['a', 'b']) t.see([0.5], 0, busy, host);
  await t.advanceTo(30);
  t.refused('a');
  t.refused('never-seen');
  await t.advanceTo(89);
  expect(t.shown.map(({ host, state }) => `${host} ${state.kind}`)).toEqual(['b firing']);
  await t.advanceTo(90);
  expect(t.shown.map(({ host, state }) => `${host} ${state.kind}`)).toEqual(['b firing', 'a firing']);
  t.close();
});

test('while samples of a tenant are refused unread none of its hosts is silent', async () => {
  const t = await startAlerting(storage, 'down-busy', [downRule]);
  for (const host of ['a', 'b']) t.see([0.5], 0, busy, host);
  await t.advanceTo(50);
  t.refused(undefined);
  await t.advanceTo(109);
  expect(t.shown).toEqual([]);
  await t.advanceTo(110);
  expect(t.shown.map(({ state }) => state.kind)).toEqual(['firing', 'firing']);
  t.close();
});

test('a clock that jumps, either way, makes no host down, and one that is silent is found all the same', async () => {
  const t = await startAlerting(storage, 'down-clock', [downRule]);
  t.see([0.5]);
  await t.advanceTo(10);
  await t.jumpTo(3_610);
  t.see([0.5], 3_611);
  await t.jumpTo(20);
  await t.advanceTo(199);
  expect(t.shown).toEqual([]);
  await t.advanceTo(200);
  expect(t.shown.map(({ host, state }) => `${host} ${state.kind}`)).toEqual(['a firing']);
  t.close();
});
