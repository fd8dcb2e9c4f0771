import { afterAll, expect, test } from 'vitest';
import { silentLog } from '../log.ts';
import { createTestStorage } from '../storage/testing.ts';
import type { TenantScope } from '../tenant.ts';
import { createLeadership, type LeadershipDeps } from './leadership.ts';

const { storage, another, drop } = await createTestStorage(Date.now);
const other = await another();
afterAll(async () => {
  await other.close();
  await drop();
});
const scope = await storage.tenants.ensure('one');

/** One that can neither take over nor let go of anything, as while the database is away. */
function start(takeOver: LeadershipDeps['takeOver']) {
  const letGo: TenantScope[] = [];
  const leadership = createLeadership({
    leases: storage.leases,
    leaseMs: 3_600_000,
    takeOver,
    async keep() {},
    async letGo(of) {
      letGo.push(of);
      throw new Error('the database is away');
    },
    deliver() {},
    announce() {},
    log: silentLog,
  });
  return { leadership, letGo };
}

test('what can be neither taken over nor let go of is held no more, and taken over at the next renewal', async () => {
  let isAway = true;
  const { leadership, letGo } = start(async () => {
    if (isAway) throw new Error('the database is away');
  });
  await leadership.renew();
  await leadership.settled();
  expect([letGo, leadership.holds(scope)]).toEqual([[scope], false]);
  isAway = false;
  await leadership.renew();
  await leadership.settled();
  expect(leadership.leads(scope)).toBe(true);
  await leadership.resign();
});

test('a tenant that is handed over is given though it can not be let go of whole', async () => {
  const { leadership, letGo } = start(async () => {});
  await leadership.renew();
  await leadership.settled();
  await leadership.handOver(scope);
  expect([letGo, leadership.holds(scope)]).toEqual([[scope], false]);
  expect(await other.leases.renew(3_600_000, [other.collectors.self])).toMatchObject([{ scope }]);
});
