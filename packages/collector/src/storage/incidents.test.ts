import type { Incident } from '@tarsier/protocol';
import { afterAll, expect, test } from 'vitest';
import { createTestStorage } from './testing.ts';
import { testAlert, testOutcome } from './testing-incidents.ts';

const now = Date.UTC(2026, 10, 24, 10);
const { storage, drop } = await createTestStorage(() => now);
afterAll(drop);

const ops = { kind: 'webhook', name: 'ops', url: 'http://127.0.0.1:9/' } as const;

test('what was decided is there for the next collector, and is claimed for sending by one', async () => {
  const scope = await storage.tenants.ensure('claimed');
  const channel = await storage.channels.create(scope, ops);
  const alert = testAlert('a1', now);
  await storage.alerts.save(scope, [alert]);
  expect(await storage.incidents.undecided(scope)).toEqual([alert]);
  const outcome = testOutcome(alert, [channel.id], now);
  await storage.incidents.save(scope, outcome);
  expect(await storage.incidents.undecided(scope)).toEqual([]);
  expect(await storage.incidents.current(scope, now)).toEqual([
    {
      incident: outcome.incidents.get('i-a1'),
      alerts: [{ alert, told: true, decided: 'firing', reason: 'first', detail: '' }],
    },
  ]);
  const [one, two] = await Promise.all([storage.notifications.due(now, 10), storage.notifications.due(now, 10)]);
  expect([...one, ...two]).toMatchObject([{ channel, message: outcome.notifications[0]?.message, attempts: 0 }]);
  const [claimed] = [...one, ...two];
  if (claimed === undefined) throw new Error('nothing was due');
  await storage.notifications.failed(claimed, 'refused', now + 5000);
  expect((await storage.lists.notifications(scope, { limit: 9 })).items).toMatchObject([
    { state: 'waiting', error: 'refused' },
  ]);
  expect(await storage.notifications.due(now + 4999, 10)).toEqual([]);
  const [again] = await storage.notifications.due(now + 5000, 10);
  expect(again?.attempts).toBe(1);
  if (again !== undefined) await storage.notifications.sent(again, now + 5001);
  expect(await storage.notifications.due(now + 1e9, 10)).toEqual([]);
  expect((await storage.lists.notifications(scope, { limit: 9 })).items).toMatchObject([
    { state: 'sent', attempts: 2 },
  ]);
});

test('that an incident is over is not due before its beginning was told; an outcome saved twice is told once', async () => {
  const scope = await storage.tenants.ensure('order');
  const { id } = await storage.channels.create(scope, ops);
  const firing = testAlert('a2', now);
  const resolved = { ...firing, state: { ...firing.state, kind: 'resolved', resolvedAt: now } } as const;
  await storage.alerts.save(scope, [firing, resolved]);
  await storage.incidents.save(scope, testOutcome(firing, [id], now));
  await storage.incidents.save(scope, testOutcome(resolved, [id], now));
  await storage.incidents.save(scope, testOutcome(resolved, [id], now));
  const due = async () => (await storage.notifications.due(now, 10)).filter(({ channel }) => channel.id === id);
  const [first] = await due();
  expect(first?.message.status).toBe('firing');
  expect(await due()).toEqual([]);
  if (first !== undefined) await storage.notifications.sent(first, now);
  expect((await due()).map(({ message }) => message.status)).toEqual(['resolved']);
  expect(await due()).toEqual([]);
  expect((await storage.incidents.timeline(scope, 'i-a2')).map(({ number }) => number)).toEqual([1, 2]);
  expect(await storage.incidents.summary(scope, 0)).toMatchObject({ changes: 2, told: 2, noiseReduction: 0 });
});

test('of the incidents of a time those are told that people had to do with', async () => {
  const scope = await storage.tenants.ensure('handled');
  const hour = 3_600_000;
  const save = async (id: string, openedAt: number, more: Partial<Incident>): Promise<void> => {
    const { incidents, ...outcome } = testOutcome(testAlert(id, openedAt), [], openedAt);
    const changed = new Map([...incidents].map(([key, one]) => [key, { ...one, ...more }]));
    await storage.incidents.save(scope, { ...outcome, incidents: changed });
  };
  const acknowledged = { by: 'ann', at: now };
  const over = { status: 'resolved', resolvedAt: now } as const;
  await save('nobody', now, {});
  await save('taken', now, { assignee: 'ann' });
  await save('noise', now, { assignee: 'ann', feedback: 'noise' });
  await save('useful', now, { feedback: 'useful' });
  await save('open', now - hour, { acknowledged });
  await save('over', now - 2 * hour, { acknowledged, ...over });
  await save('before', now - 3 * hour, { acknowledged, ...over, resolvedAt: now - 1 });
  await save('after', now + hour + 1, { acknowledged });
  const told = async (limit: number): Promise<readonly string[]> =>
    (await storage.incidents.handled(scope, { start: now, end: now + hour, limit })).map(({ id }) => id);
  expect(await told(9)).toEqual(['i-useful', 'i-taken', 'i-open', 'i-over']);
  expect(await told(2)).toEqual(['i-useful', 'i-taken']);
});

test('a tenant’s incidents and policies are not another’s', async () => {
  const [mine, theirs] = [await storage.tenants.ensure('mine'), await storage.tenants.ensure('theirs')];
  const silence = await storage.alertPolicies.silences.create(mine, {
    matchers: ['host="a"'],
    comment: '',
    createdBy: '',
    endsAt: now,
  });
  await storage.incidents.save(mine, testOutcome(testAlert('a3', now), [], now));
  expect(await storage.incidents.find(theirs, 'i-a3')).toBeUndefined();
  expect(await storage.incidents.handled(theirs, { start: 0, end: now, limit: 9 })).toEqual([]);
  expect(await storage.lists.incidents(theirs, { sort: 'newest', limit: 9 })).toEqual({ items: [] });
  expect(await storage.alertPolicies.silences.delete(theirs, silence.id)).toBe(false);
  expect(await storage.alertPolicies.routes.list(mine)).toEqual([]);
  expect(await storage.alertPolicies.silences.list(mine)).toEqual([silence]);
});
