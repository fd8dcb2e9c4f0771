import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import { testBatch } from '../../packages/collector/src/ingest/testing.ts';
import { byWeight } from '../../packages/collector/src/cluster/peers.ts';
import { startTestRig } from '../fleet/test-rig.ts';
import { eventually, killAll } from '../support/processes.ts';
import { createApi } from '../support/tarsier.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';

afterEach(killAll);

const names = Array.from({ length: 6 }, (_, at) => `shop-${at}`);

test('a collector that joins decides for its share of the tenants, which goes on where it was; nobody is told twice', async () => {
  const receiver = await startWebhookReceiver();
  onTestFinished(() => receiver.close());
  const rig = await startTestRig(2, { TARSIER_LEASE_SECONDS: '3' });
  const url = rig.collectors[0]?.url ?? '';
  const operator = createApi(url, await rig.key('operator'));
  const keys = new Map<string, string>();
  for (const tenant of names) {
    await operator.post('/v1/tenants', { name: tenant, tier: 'enterprise' });
    const key = await rig.key('admin', tenant);
    keys.set(tenant, key);
    const api = createApi(url, key);
    await api.post('/v1/channels', { kind: 'webhook', name: 'ops', url: receiver.url });
    await api.post('/v1/routes', { name: 'all', togetherMs: 0 });
    const rule = { kind: 'threshold', name: tenant, selector: 'cpu_busy_ratio{cpu="all"}', op: '>', value: 0.5 };
    await api.post('/v1/rules', rule);
  }
  let seq = 0;
  /** A batch of each tenant, to one of the collectors. */
  const ship = async (to: number, busy: number): Promise<void> => {
    seq++;
    for (const key of keys.values()) {
      const response = await fetch(`${rig.collectors[to]?.url}/v1/ingest`, {
        method: 'POST',
        body: new Uint8Array(testBatch({ seq, busy: () => busy })),
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/vnd.tarsier.batch' },
      });
      expect(response.status).toBe(204);
    }
  };
  const told = (): string[] =>
    (receiver.received as readonly { readonly because: string; readonly alert: { readonly name: string } }[])
      .map(({ alert, because }) => `${alert.name} ${because}`)
      .toSorted();
  const shipUntilTold = (to: number, busy: number, count: number): Promise<true> =>
    eventually(async () => {
      await ship(to, busy);
      await sleep(700);
      return told().length >= count ? true : undefined;
    });

  await rig.collectors[1]?.end('SIGTERM');
  await shipUntilTold(0, 0.9, names.length);
  await rig.restart(1);
  // Each is decided for by the one whose it is.
  await eventually(async () => {
    const rows = await rig.sql<{ tenant: number; holder: string; running: string[] }[]>`
      select tenant_id as tenant, lease.holder, (select array_agg(holder) from collector) as running
      from lease where expires_at > extract(epoch from now()) * 1000`;
    const isDivided = rows.every(({ tenant, holder, running }) => {
      const [first] = byWeight(
        running.map((id) => ({ id })),
        tenant,
      );
      return running.length === 2 && first?.id === holder;
    });
    return rows.length > names.length && isDivided ? true : undefined;
  });
  for (let second = 0; second < 5; second++) {
    await ship(second % 2, 0.9);
    await sleep(500);
  }
  expect(told()).toEqual(names.map((name) => `${name} first`));
  await shipUntilTold(1, 0.1, 2 * names.length);
  expect(told()).toEqual(names.flatMap((name) => [`${name} first`, `${name} resolved`]));
  expect(new Set(receiver.arrivals.map(({ key }) => key)).size).toBe(receiver.arrivals.length);
});
