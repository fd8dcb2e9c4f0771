import { afterAll, expect, test } from 'vitest';
import type { Alert } from '@tarsier/protocol';
import { silentLog } from '../../log.ts';
import { createTestStorage } from '../../storage/testing.ts';
import { testAlert } from '../../storage/testing-incidents.ts';
import { createPipeline } from './pipeline.ts';

const start = Date.UTC(2026, 10, 24, 10);
const { storage, drop } = await createTestStorage(() => start);
afterAll(drop);

test('500 hosts lose what they depend on within 30 s: 4,000 alerts are three notifications, the cause first, none lost', async () => {
  const scope = await storage.tenants.ensure('storm');
  await storage.channels.create(scope, { kind: 'webhook', name: 'ops', url: 'http://127.0.0.1:9/' });
  const told: string[] = [];
  let now = start;
  const pipeline = createPipeline({
    storage,
    onOutcome: (_, { notifications }) =>
      told.push(
        ...notifications.map(({ message }) => `${(now - start) / 1000} ${message.reason} ${message.incident.title}`),
      ),
    log: silentLog,
    now: () => now,
  });
  await pipeline.reloadPolicies(scope);
  const firing: Alert[] = [];
  const tick = async (alerts: readonly Alert[]): Promise<void> => {
    if (alerts.length > 0) await storage.alerts.save(scope, alerts);
    for (const alert of alerts) pipeline.observe(scope, alert);
    // What was observed is there once the desk's promise has been followed.
    await Promise.resolve();
    await pipeline.run();
  };
  for (let second = 0; second <= 100; second++) {
    now = start + second * 1000;
    const some = second >= 30 ? [] : alertsOf(second);
    // What all depend on is seen to be down a little after the first that needs it.
    if (second === 3)
      some.push(testAlert('cause'.padEnd(32, '0'), now, { host: 'db-1', name: 'Database down', severity: 'critical' }));
    firing.push(...some);
    await tick(some);
  }
  expect(firing).toHaveLength(4_001);
  expect(told).toEqual([
    '0 first Errors 0 on web-0 and 135 more alerts on 17 hosts',
    '3 worse Database down on db-1 and 536 more alerts on 68 hosts',
    '63 more Database down on db-1 and 4000 more alerts on 501 hosts',
  ]);
  const [incident, ...others] = (await storage.lists.incidents(scope, { sort: 'newest', limit: 10 })).items;
  expect(others).toEqual([]);
  expect(incident).toMatchObject({ firing: 4_001, total: 4_001, hostCount: 501 });
  expect(incident?.alerts[0]?.name).toBe('Database down');
  const { changes, told: sent, noiseReduction } = await storage.incidents.summary(scope, 0);
  expect([changes, sent]).toEqual([4_001, 3]);
  expect(noiseReduction).toBeGreaterThan(0.999);
});

/** Eight alerts of each of the hosts that fail in this second: 500 hosts in 30 s. */
function alertsOf(second: number): Alert[] {
  const [from, to] = [Math.ceil((second * 500) / 30), Math.ceil(((second + 1) * 500) / 30)];
  return Array.from({ length: to - from }, (_, index) => from + index).flatMap((host) =>
    Array.from({ length: 8 }, (_, kind) =>
      testAlert(`${host}-${kind}-`.padEnd(32, '0'), start + second * 1000, {
        host: `web-${host}`,
        name: `Errors ${kind}`,
        labels: { host: `web-${host}`, depends_on: 'db-1' },
      }),
    ),
  );
}
