import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Alert, Anomaly } from '@tarsier/protocol';
import type { NewRule } from '@tarsier/protocol/api';
import { afterAll, expect, test } from 'vitest';
import { storedSeries } from '../detect/testing.ts';
import { silentLog } from '../log.ts';
import { createDispatcher } from '../notify/dispatcher.ts';
import { createTestStorage } from '../storage/testing.ts';
import { createAlerting } from './alerting.ts';

const start = Date.UTC(2026, 10, 24, 10);
const { storage, drop } = await createTestStorage(() => start);
afterAll(drop);

const busy = { name: 'busy', kind: 'gauge', unit: 'ratio', help: '' } as const;
const sent = { name: 'sent_total', kind: 'counter', unit: '', help: '' } as const;
const rule: NewRule = {
  kind: 'threshold',
  name: 'Busy',
  severity: 'warning',
  enabled: true,
  selector: 'busy',
  op: '>',
  value: 0.9,
  forMs: 3000,
  reduce: 'value',
};

interface Told {
  readonly status: string;
  readonly alert: Alert;
}

/** Alerting of one tenant with a real receiver; the clock is the test's. */
async function startAlerting(tenant: string, rules: readonly NewRule[]) {
  const scope = await storage.tenants.ensure(tenant);
  const received: Told[] = [];
  let refusing = false;
  const receiver = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      if (!refusing) received.push(JSON.parse(text));
      response.writeHead(refusing ? 500 : 200).end();
    });
  });
  await new Promise<void>((resolve) => {
    receiver.listen(0, '127.0.0.1', resolve);
  });
  // A server that listens on a port has an address with one.
  const { port } = receiver.address() as AddressInfo;
  await storage.channels.create(scope, { kind: 'webhook', name: 'ops', url: `http://127.0.0.1:${port}/` });
  for (const one of rules) await storage.rules.create(scope, one);

  const clock = { now: start };
  const now = (): number => clock.now;
  const dispatcher = createDispatcher({ outbox: storage.notifications, fetch, log: silentLog, now, random: () => 0.5 });
  const shown: Alert[] = [];
  const open = async () => {
    const created = createAlerting({ storage, onAlert: (_, alert) => shown.push(alert), log: silentLog, now });
    await created.restore();
    return created;
  };
  let alerting = await open();
  return {
    scope,
    shown,
    received,
    clock,
    see(values: readonly number[], atS = 0, metric: typeof busy | typeof sent = busy, host = 'a') {
      alerting.consume(storedSeries(values, { t0: start + atS * 1000, metric, host, tenantId: scope.tenantId }));
    },
    anomaly: (anomaly: Anomaly) => alerting.anomaly(scope, anomaly),
    async advanceTo(seconds: number) {
      clock.now = start + seconds * 1000;
      await alerting.tick(clock.now);
      await dispatcher.drain();
    },
    async restart() {
      await alerting.close();
      alerting = await open();
    },
    refuse(refuses: boolean) {
      refusing = refuses;
    },
    deleteRules: async () => {
      for (const { id } of await storage.rules.list(scope)) await storage.rules.delete(scope, id);
      await alerting.reloadRules(scope);
    },
    close: () => receiver.close(),
  };
}

test('a bound that is crossed for long enough is told once, with its reason, and once more when it is over', async () => {
  const t = await startAlerting('once', [rule]);
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
        reason: 'busy{host="a"} was 0.98, above 0.9 for 3 s',
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
    alert: { state: { kind: 'resolved', resolvedAt: start + 9000 } },
  });
  expect((await storage.alerts.list(t.scope, { limit: 10 })).map(({ state }) => state.kind)).toEqual(['resolved']);
  t.close();
});

test('what crosses the bound only now and then does not fire, and leaves nothing behind', async () => {
  const t = await startAlerting('flapping', [rule]);
  for (let at = 0; at < 40; at += 4) t.see([0.99, 0.99, 0.99, 0.1], at);
  await t.advanceTo(40);
  expect(t.received).toEqual([]);
  expect(await storage.alerts.list(t.scope, { limit: 10 })).toEqual([]);
  t.close();
});

test('a restart neither repeats nor forgets an alert, nor begins its waiting anew', async () => {
  const t = await startAlerting('restart', [rule]);
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

test('a receiver that is down is tried again until it takes the notification', async () => {
  const t = await startAlerting('receiver', [{ ...rule, forMs: 0 }]);
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

test('late samples do not turn back what newer ones have decided', async () => {
  const t = await startAlerting('late', [{ ...rule, forMs: 0 }]);
  t.see([0.99, 0.99], 100);
  t.see([0.1, 0.1], 50);
  await t.advanceTo(102);
  expect(t.received.map(({ status }) => status)).toEqual(['firing']);
  t.close();
});

test('an alert whose series falls silent is over after five minutes, and says why', async () => {
  const t = await startAlerting('silent', [{ ...rule, forMs: 0 }]);
  t.see([0.99]);
  await t.advanceTo(299);
  expect(t.received).toHaveLength(1);
  await t.advanceTo(301);
  expect(t.received[1]).toMatchObject({
    status: 'resolved',
    alert: { reason: expect.stringContaining('no samples any more') },
  });
  t.close();
});

test('a deleted rule ends its alerts', async () => {
  const t = await startAlerting('deleted', [{ ...rule, forMs: 0 }]);
  t.see([0.99]);
  await t.advanceTo(1);
  await t.deleteRules();
  await t.advanceTo(2);
  expect(t.received.map(({ status }) => status)).toEqual(['firing', 'resolved']);
  t.close();
});

test('a counter is compared by its rate where the rule says so', async () => {
  const t = await startAlerting('rate', [{ ...rule, selector: 'sent_total', reduce: 'rate', value: 50, forMs: 0 }]);
  t.see([1000, 1010, 1020, 1120, 5, 10], 0, sent);
  await t.advanceTo(6);
  expect(t.received.map(({ status, alert }) => [status, alert.state.value])).toEqual([
    ['firing', 100],
    ['resolved', 5],
  ]);
  t.close();
});

test('an anomaly that is strong enough fires its rule while it lasts', async () => {
  const t = await startAlerting('anomaly', [
    { kind: 'anomaly', name: 'Odd', severity: 'info', enabled: true, selector: 'busy', minScore: 6, forMs: 2000 },
  ]);
  const anomaly: Anomaly = {
    id: 'x',
    host: 'a',
    metric: 'busy',
    labels: { host: 'a' },
    detector: 'zscore',
    start,
    peakScore: 4,
    peakAt: start,
    value: 1,
    expected: 0,
    reason: 'unlike before',
  };
  t.anomaly(anomaly);
  await t.advanceTo(5);
  expect(t.received).toEqual([]);
  t.anomaly({ ...anomaly, peakScore: 8, peakAt: start + 5000 });
  await t.advanceTo(6);
  expect(t.received).toEqual([]);
  await t.advanceTo(8);
  expect(t.received).toMatchObject([{ status: 'firing', alert: { name: 'Odd', reason: 'unlike before' } }]);
  t.anomaly({ ...anomaly, peakScore: 8, peakAt: start + 5000, end: start + 9000 });
  await t.advanceTo(10);
  expect(t.received.map(({ status }) => status)).toEqual(['firing', 'resolved']);
  t.close();
});

test('rules and samples of another tenant do not meet', async () => {
  const one = await startAlerting('apart-one', [{ ...rule, forMs: 0 }]);
  const two = await startAlerting('apart-two', []);
  two.see([0.99]);
  await two.advanceTo(1);
  await one.advanceTo(1);
  expect([one.received, two.received]).toEqual([[], []]);
  one.close();
  two.close();
});
