import { afterAll, expect, test } from 'vitest';
import { tenantCommands } from '../tenant-commands.ts';
import { createTestStorage } from './testing.ts';
import { testAlert, testOutcome } from './testing-incidents.ts';

const day = 86_400_000;
const now = Date.UTC(2026, 10, 24, 10);
const { storage, sql, drop } = await createTestStorage(() => now);
afterAll(drop);

test('incidents that are over, and what was told, are kept as long as a tenant wants; what is open stays', async () => {
  const kept = async (tenant: string) => {
    const scope = await storage.tenants.ensure(tenant);
    const left = await sql<{ id: string; status: string }[]>`
      select id, status from incident where tenant_id = ${scope.tenantId} order by opened_at`;
    const counts: number[] = [];
    for (const table of ['alert', 'alert_decision', 'notification', 'incident_entry']) {
      const [row] = await sql<{ count: string }[]>`
        select count(*) as count from ${sql(table)} where tenant_id = ${scope.tenantId}`;
      counts.push(Number(row?.count));
    }
    return [left.map(({ status }) => status), counts];
  };
  for (const tenant of ['usual', 'short']) {
    const scope = await storage.tenants.ensure(tenant);
    const channel = await storage.channels.create(scope, { kind: 'webhook', name: 'ops', url: 'http://127.0.0.1:9/' });
    // Over for 500 days, over for 50, and open for 500.
    for (const [index, age] of [500, 50, 500].entries()) {
      const at = now - age * day;
      const alert = testAlert(`r${index}`, at);
      await storage.alerts.save(scope, [alert]);
      await storage.incidents.save(scope, testOutcome(alert, [channel.id], at));
      if (index === 2) continue;
      await sql`
        update incident set status = 'resolved', resolved_at = ${at}
        where tenant_id = ${scope.tenantId} and opened_at = ${at} and id like ${`%r${index}%`}`;
      await sql`update alert set state = 'resolved' where tenant_id = ${scope.tenantId} and id = ${alert.id}`;
    }
    await sql`update notification set due_at = null where tenant_id = ${scope.tenantId}`;
  }
  const short = await storage.tenants.ensure('short');
  const said = await tenantCommands['tenant retention']?.(
    { 'incidents-days': '40' },
    { storage, tenant: short, now: () => now },
  );
  expect(said).toBe('incidents-days 40\nnotifications-days default\n');
  expect(await storage.dropOldAlerts(now, { incidents: 400, notifications: 90 })).toBe(3);
  const [statuses, [alerts, decisions, notifications]] = (await kept('usual')) as [string[], number[]];
  expect([statuses, alerts]).toEqual([['open', 'resolved'], 2]);
  // Of the open one's old notifications nothing is left, but it goes on from its decisions.
  expect([decisions, notifications]).toEqual([2, 1]);
  expect((await kept('short'))[0]).toEqual(['open']);
  expect(await storage.dropOldAlerts(now, { incidents: 400, notifications: 90 })).toBe(0);
});
