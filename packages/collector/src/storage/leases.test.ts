import { afterAll, expect, test } from 'vitest';
import { createTestStorage } from './testing.ts';
import { testAlert, testOutcome } from './testing-incidents.ts';

const start = Date.UTC(2026, 10, 24, 10);
const { storage: a, sql, another, drop } = await createTestStorage(() => start);
const b = await another();
afterAll(async () => {
  await b.close();
  await drop();
});
const scope = await a.tenants.ensure('one');
const hour = 3_600_000;
const expire = () => sql`update lease set expires_at = 0`;

test('each tenant is held by one, from the first until it is given up or not renewed; a new term says who it was', async () => {
  expect(await a.leases.renew(hour)).toEqual([{ scope, term: 1, heldUntil: undefined }]);
  expect(await b.leases.renew(hour)).toEqual([]);
  const other = await a.tenants.ensure('two');
  expect((await b.leases.renew(hour)).map((one) => one.scope)).toEqual([other]);
  expect(await a.leases.renew(hour)).toMatchObject([{ scope, term: 1 }]);
  await a.leases.release();
  const [taken] = await b.leases.renew(hour);
  expect(taken).toMatchObject({ scope, term: 2 });
  expect(Date.now() - hour - (taken?.heldUntil ?? 0)).toBeLessThan(60_000);
  expect(await a.leases.renew(hour)).toEqual([]);
});

test('who has lost a tenant writes nothing more of its alerts, their incidents or their ends', async () => {
  await expire();
  await a.leases.renew(hour);
  const alert = testAlert('fenced', start);
  await a.alerts.save(scope, [alert]);
  await expire();
  await b.leases.renew(hour);
  const over = { ...alert, state: { kind: 'resolved', since: start, value: 0, resolvedAt: start + 1 } } as const;
  const lost = { code: 'cluster/lease-lost', retryable: true };
  await expect(a.alerts.save(scope, [over])).rejects.toMatchObject(lost);
  await expect(a.alerts.delete(scope, [alert.id])).rejects.toMatchObject(lost);
  await expect(a.incidents.save(scope, testOutcome(alert, [], start))).rejects.toMatchObject(lost);
  expect(await b.alerts.open(scope)).toMatchObject([{ id: alert.id, state: { kind: 'firing' } }]);
  expect(await b.lists.incidents(scope, { sort: 'newest', limit: 9 })).toEqual({ items: [] });
  // Taken back is another term: what was decided before still counts for nothing.
  await b.alerts.save(scope, [alert]);
});

test('what one collector tells all of them hear, however long it is', async () => {
  const heard: unknown[] = [];
  let ready = (): void => {};
  const listening = new Promise<void>((resolve) => (ready = resolve));
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = await b.bus.listen(
    (message) => {
      heard.push(message);
      if (heard.length === 2) resolve();
    },
    () => ready(),
    { debug() {}, info() {}, warn() {}, error() {} },
  );
  await listening;
  const long = { text: 'ä"'.repeat(10_000) };
  await a.bus.tell({ one: 1 });
  await a.bus.tell(long);
  await promise;
  expect(heard).toEqual([{ one: 1 }, long]);
  await stop();
});
