import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { byWeight } from '../../packages/collector/src/cluster/peers.ts';
import { caughtUp, startConfiguredAgent, startTestRig } from '../fleet/test-rig.ts';
import { eventually, killAll } from '../support/processes.ts';
import { readLedger } from '../support/tarsier.ts';

afterEach(killAll);

test('agents that know one of two collectors go to the one that decides, and to what is left when it dies', async () => {
  const rig = await startTestRig(2, { TARSIER_LEASE_SECONDS: '3' }, (url) => ({ TARSIER_ADVERTISE_URL: url }));
  /** Batches of agents that came in there since it was started. */
  const batchesAt = async (index: number): Promise<number> => {
    const text = await (await fetch(`${rig.collectors[index]?.url}/metrics`)).text();
    return [...text.matchAll(/^tarsier_ingest_batches_total\{.*\} (\d+)$/gmu)].reduce(
      (sum, [, count]) => sum + Number(count),
      0,
    );
  };
  /** Batches come in at one of them alone. */
  const goTo = (index: number): Promise<true> =>
    eventually(async () => {
      const before = [await batchesAt(0), await batchesAt(1)];
      await sleep(2_500);
      const more = [await batchesAt(0), await batchesAt(1)].map((count, at) => count - (before[at] ?? 0));
      return (more[index] ?? 0) > 1 && more[1 - index] === 0 ? true : undefined;
    });
  /** The one that is to decide for the tenant, once both are known to each other. */
  const deciding = (): Promise<number> =>
    eventually(async () => {
      const rows = await rig.sql<{ tenant: number; id: string; url: string }[]>`
        select tenant_id as tenant, holder as id, url from collector cross join tenant
        where name = 'default' and expires_at > extract(epoch from now()) * 1000`;
      const [first] = byWeight(rows, rows[0]?.tenant ?? 0);
      const index = rig.collectors.findIndex(({ url }) => new URL(url).href === new URL(first?.url ?? '').href);
      return rows.length === 2 && index >= 0 ? index : undefined;
    });
  const decides = await deciding();
  const other = rig.collectors[1 - decides];
  const start = (host: string, more: object) =>
    startConfiguredAgent(rig, { host, url: other?.url, key: other?.ingestKey, flushMs: 500, ...more });

  // One that was told not to stays where it was sent.
  const fixed = await start('fixed', { discoverCollectors: false });
  await goTo(1 - decides);
  await caughtUp(rig, 'fixed');
  expect(await fixed.end('SIGTERM')).toBe(0);

  const agent = await start('free', {});
  await goTo(decides);
  await rig.collectors[decides]?.end('SIGKILL');
  // The other takes all, and decides until there are two again.
  const soFar = await batchesAt(1 - decides);
  await eventually(async () => ((await batchesAt(1 - decides)) > soFar + 3 ? true : undefined));
  await rig.restart(decides);
  await goTo(await deciding());

  await caughtUp(rig, 'free');
  expect(await agent.end('SIGTERM')).toBe(0);
  for (const host of ['fixed', 'free']) {
    const { taken, sent, stored, dropped } = await readLedger(`${rig.folder}/collector-0`, host, rig.environment);
    expect({ host, taken, sent, dropped }).toEqual({ host, taken: stored, sent: stored, dropped: 0 });
    expect(stored).toBeGreaterThan(0);
  }
});
