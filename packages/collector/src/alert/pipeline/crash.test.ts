import { afterAll, expect, test } from 'vitest';
import { silentLog } from '../../log.ts';
import { createDispatcher } from '../../notify/dispatcher.ts';
import { createEgress } from '../../notify/egress/egress.ts';
import { createSender } from '../../notify/send.ts';
import { startProvider } from '../../notify/testing-provider.ts';
import type { Storage } from '../../storage/storage.ts';
import { createTestStorage } from '../../storage/testing.ts';
import { testAlert } from '../../storage/testing-incidents.ts';
import { createPipeline } from './pipeline.ts';

const start = Date.UTC(2026, 10, 24, 10);
const { storage, drop } = await createTestStorage(() => start);
const provider = await startProvider();
afterAll(async () => {
  provider.close();
  await drop();
});

/** Where the collector dies: before or after a commit, or between a receiver's answer and its record. */
const faults = ['none', 'before decided', 'after decided', 'before recorded as sent', 'before anything'] as const;
type Fault = (typeof faults)[number];

class Killed extends Error {}

/** The storage of a collector that dies once, at `fault`; from then on nothing of it works. */
function mortal(fault: Fault): { readonly storage: Storage; readonly isDead: () => boolean } {
  let dead = fault === 'before anything';
  const die = (): never => {
    dead = true;
    throw new Killed(fault);
  };
  const { incidents, notifications } = storage;
  return {
    isDead: () => dead,
    storage: {
      ...storage,
      incidents: {
        ...incidents,
        async save(scope, outcome) {
          if (dead || fault === 'before decided') die();
          await incidents.save(scope, outcome);
          if (fault === 'after decided') die();
        },
      },
      notifications: {
        ...notifications,
        due: async (...request) => (dead ? [] : notifications.due(...request)),
        async sent(notification, at) {
          if (dead || fault === 'before recorded as sent') die();
          await notifications.sent(notification, at);
        },
      },
    },
  };
}

/** A repeatable choice (mulberry32). */
function choices(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Those of real processes are `pnpm test:alert-crashes`. */
const runs = 6;
const msPerRun = 10_000;

test(
  `${runs} collectors that die at a boundary: every incident is told once, and again only where the record was lost`,
  { timeout: runs * msPerRun },
  async () => {
    for (let run = 0; run < runs; run++) {
      const choose = choices(run);
      const scope = await storage.tenants.ensure(`crash-${run}`);
      await storage.channels.create(scope, { kind: 'webhook', name: 'ops', url: `${provider.url}/${run}` });
      const alerts = Array.from({ length: 3 }, (_, index) => {
        const id = `${run}-${index}-`.padEnd(32, 'x');
        const beginsAt = choose(5);
        return {
          alert: testAlert(id, start, { host: `h${index}`, name: `A${index}` }),
          beginsAt,
          endsAt: beginsAt + 1 + choose(5),
        };
      });
      let lost = 0;
      for (let tick = 0; tick < 14; tick++) {
        // The last ones live, and are late enough for what the dead had claimed.
        const now = start + (tick < 10 ? tick * 2_000 : tick * 70_000);
        const fault = tick < 10 ? (faults[choose(faults.length)] ?? 'none') : 'none';
        const changed = alerts.flatMap(({ alert, beginsAt, endsAt }) => {
          if (tick === beginsAt) return [alert];
          const over = { kind: 'resolved', since: start, value: 0, resolvedAt: now } as const;
          return tick === endsAt ? [{ ...alert, state: over }] : [];
        });
        if (changed.length > 0) await storage.alerts.save(scope, changed);
        const { storage: its, isDead } = mortal(fault);
        const before = provider.received.length;
        const pipeline = createPipeline({ storage: its, onOutcome() {}, log: silentLog, now: () => now });
        await pipeline.reloadPolicies(scope);
        await pipeline.run();
        const dispatcher = createDispatcher({
          outbox: its.notifications,
          sender: createSender({ egress: createEgress({ allow: ['127.0.0.1'] }) }),
          log: silentLog,
          now: () => now,
        });
        if (!isDead()) await dispatcher.drain();
        if (fault === 'before recorded as sent') lost += provider.received.length - before;
      }
      const heard = provider.received
        .filter(({ path }) => path === `/${run}`)
        .map(({ headers, json }) => {
          // The webhook's own format.
          const { because, incident } = json as { because: string; incident: { id: string } };
          return { id: String(headers['idempotency-key']), because, incident: incident.id };
        });
      const { items: incidents } = await storage.lists.incidents(scope, { sort: 'newest', limit: 9 });
      expect(incidents.reduce((sum, { total }) => sum + total, 0)).toBe(3);
      for (const { id, status, total } of incidents) {
        const reasons = new Map(heard.filter(({ incident }) => incident === id).map((one) => [one.id, one.because]));
        expect({ run, status, ended: [...reasons.values()].at(-1) }).toEqual({
          run,
          status: 'resolved',
          ended: 'resolved',
        });
        expect([...reasons.values()].filter((reason) => reason === 'first').length).toBeLessThanOrEqual(1);
        expect(total).toBeGreaterThan(0);
      }
      const repeated = heard.length - new Set(heard.map(({ id }) => id)).size;
      expect(repeated).toBeLessThanOrEqual(lost);
      expect(
        (await storage.lists.notifications(scope, { limit: 100 })).items.every(({ state }) => state === 'sent'),
      ).toBe(true);
      expect(await storage.incidents.undecided(scope)).toEqual([]);
    }
  },
);
