import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, expect, test } from 'vitest';
import { noHost } from '../../packages/collector/src/no-host.ts';
import { withDatabase } from '../support/database.ts';
import { eventually, freePort, killAll, temporaryFolder } from '../support/processes.ts';
import { spooledTicks } from '../support/spooled-ticks.ts';
import { createApi, createKey, readLedger, startAgent, startCollector } from '../support/tarsier.ts';

const folder = await temporaryFolder();
const data = `${folder.path}/data`;
afterEach(killAll);
afterAll(() => folder.remove());

const collectorKills = 10;
const agentKillsAfter = [3, 7];

test('with the collector killed ten times and the agent twice, every spooled tick is stored exactly once', async () => {
  const port = await freePort();
  let collector = await startCollector(data, port);
  const { url, ingestKey } = collector;
  // Ten ticks a second in batches of five: whenever a kill comes, something is being shipped.
  const agentSettings = {
    TARSIER_LOG: 'debug',
    TARSIER_LOG_FORMAT: 'json',
    TARSIER_HOST: 'fault',
    TARSIER_INTERVAL_MS: '100',
    TARSIER_FLUSH_MS: '500',
  };
  const startOne = () => startAgent(url, ingestKey, `${folder.path}/agent`, agentSettings);
  const agents = [startOne()];
  const began = Date.now();

  for (let kill = 0; kill < collectorKills; kill++) {
    // At another moment of the cycle each time.
    await sleep(1200 + kill * 137);
    await collector.end('SIGKILL');
    if (agentKillsAfter.includes(kill)) {
      await agents.at(-1)?.end('SIGKILL');
      agents.push(startOne());
    }
    await sleep(kill % 3 === 0 ? 700 : 0);
    collector = await startCollector(data, port);
  }
  await sleep(2000);
  expect(await agents.at(-1)?.end('SIGTERM')).toBe(0);

  const ticks = agents.flatMap(spooledTicks);
  expect(agents).toHaveLength(3);
  expect(ticks.length).toBeGreaterThan(100);
  expect(new Set(ticks).size).toBe(ticks.length);
  // What the last agent could not send within its two seconds goes with the next one.
  const last = startOne();
  const api = createApi(url, await createKey(data, 'read'));
  const newest = Math.max(...ticks);
  const stored = await eventually(async () => {
    const [series] = await api.samples('system_uptime_seconds{host="fault"}', began - 1000, Date.now());
    const times = series?.points.map(([time]) => time) ?? [];
    return ticks.every((tick) => times.includes(tick)) ? times : undefined;
  });
  // "Exactly once" on the way in, too: the query would hide a tick that is stored twice.
  const spooled = new Set([...agents, last].flatMap(spooledTicks));
  expect(stored.filter((time) => ticks.includes(time))).toHaveLength(ticks.length);
  expect(stored.filter((time) => time <= newest && !spooled.has(time))).toEqual([]);
  const instant = '/prometheus/api/v1/query?query=system_uptime_seconds{host="fault"}';
  // The agent before has said goodbye: the host is seen again with the first batch of this one.
  await expect
    .poll(() => api.get(instant), { timeout: 30_000 })
    .toMatchObject({ data: { result: [{ metric: { host: 'fault' } }] } });
  await last.end('SIGTERM');
  // It said goodbye: nobody sees it for another five minutes.
  expect(await api.get(instant)).toMatchObject({ data: { result: [] } });
  const rows = await storedRows(data);
  const everySpooled = [...agents, last].flatMap(spooledTicks);
  const goodbyes = 2;
  expect(rows).toBe(everySpooled.length + goodbyes);
  // And so say the agents' own account and the collector's, whoever was killed; the command fails where they differ.
  const ledger = await readLedger(data, 'fault');
  const isTold = !last.stderr.some((line) => line.includes('the account could not be sent'));
  const all = isTold ? ledger.taken : expect.any(Number);
  expect(ledger).toMatchObject({ sent: all, stored: all, dropped: 0 });
  expect(ledger.stored).toBeGreaterThan(everySpooled.length);
  process.stdout.write(
    `${ticks.length} ticks spooled over ${collectorKills} collector kills and 2 agent kills, each stored once\n`,
  );
  await collector.end('SIGTERM');
});

/** Ticks of hosts in the database, counted by its own tool and not through a query; scores are the collector's own. */
async function storedRows(dataFolder: string): Promise<number> {
  const [row] = await withDatabase(
    dataFolder,
    (sql) => sql<{ ticks: number; batches: number; keys: number }[]>`
    select count(*)::int as batches, count(distinct (tenant_id, host_id, epoch, seq))::int as keys,
      (select sum(rows)::int
        from (select tenant_id, host_id, rows from batch union all select tenant_id, host_id, rows from segment
          union all select tenant_id, host_id, rows from block) as kept
        join host using (tenant_id, host_id)
        where name <> ${noHost}) as ticks
    from batch`,
  );
  expect(row?.batches).toBe(row?.keys);
  return row?.ticks ?? 0;
}
