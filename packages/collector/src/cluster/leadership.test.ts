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

test('what is let go of while it is taken over is forgotten when that ends, and only then taken over anew', async () => {
  const done: string[] = [];
  const gates: (() => void)[] = [];
  let until: number | undefined = 1;
  let term = 1;
  const leadership = createLeadership({
    leases: {
      ...storage.leases,
      renew: async () => (until === undefined ? [] : [{ scope, term, heldUntil: until }]),
      async release() {},
    },
    leaseMs: 3_600_000,
    async takeOver(_, since) {
      done.push(`takes over since ${since}`);
      await new Promise<void>((resolve) => gates.push(resolve));
      done.push('has taken over');
    },
    async keep() {},
    async letGo() {
      done.push('lets go');
    },
    deliver() {},
    announce() {},
    log: silentLog,
  });
  await leadership.renew();
  await expect.poll(() => gates.length).toBe(1);
  until = undefined;
  await leadership.renew();
  [until, term] = [2, 3];
  await leadership.renew();
  gates[0]?.();
  await expect.poll(() => gates.length).toBe(2);
  gates[1]?.();
  await leadership.settled();
  expect(leadership.leads(scope)).toBe(true);
  expect(done).toEqual([
    'takes over since 1',
    'lets go',
    'has taken over',
    'lets go',
    'takes over since 1',
    'has taken over',
  ]);
});
