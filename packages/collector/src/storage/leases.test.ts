import { afterAll, expect, test } from 'vitest';
import { weightOf } from './leases.ts';
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

test('tenants are divided between collectors that run; what one has left lying another takes after a while', async () => {
  await sql`delete from lease`;
  for (let at = 0; at < 20; at++) await a.tenants.ensure(`shared-${at}`);
  const all = (await a.tenants.all()).map(({ tenantId }) => tenantId);
  const running = [a.collectors.self, b.collectors.self];
  const ofA = all.filter((id) => weightOf(a.collectors.self, id) > weightOf(b.collectors.self, id));
  expect([ofA.length > 0, ofA.length < all.length]).toEqual([true, true]);
  const held = async (one: typeof a, known = running) =>
    (await one.leases.renew(hour, known)).map(({ scope: { tenantId } }) => tenantId);
  expect(await held(a)).toEqual(ofA);
  expect(await held(b)).toEqual(all.filter((id) => !ofA.includes(id)));
  const [given] = ofA;
  await a.leases.give({ tenantId: given ?? 0, tenant: '' });
  expect(await b.leases.others()).toEqual(
    new Map(ofA.filter((id) => id !== given).map((id) => [id, a.collectors.self])),
  );
  // It is still its own: nobody else takes it.
  expect(await held(b)).toHaveLength(all.length - ofA.length);
  expect(await held(a)).toEqual(ofA);
  await a.leases.release();
  expect(await held(b)).toHaveLength(all.length - ofA.length);
  expect(await held(b, [b.collectors.self])).toEqual(all);
  await b.leases.release();
  await sql`update lease set expires_at = expires_at - ${hour}, holder = ${a.collectors.self}`;
  expect(await held(b)).toEqual(all);
  await b.leases.release();
  await sql`delete from lease`;
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
