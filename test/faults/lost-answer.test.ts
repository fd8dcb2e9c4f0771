/** Batches that are stored, and put together with others, before their agent has an answer. */
import { afterAll, afterEach, expect, test } from 'vitest';
import { withDatabase } from '../support/database.ts';
import { eventually, freePort, killAll, temporaryFolder } from '../support/processes.ts';
import { spooledTicks } from '../support/spooled-ticks.ts';
import { createApi, createKey, readLedger, startAgent, startCollector } from '../support/tarsier.ts';
import { startProxy } from './chaos/proxy.ts';

const folder = await temporaryFolder();
const data = `${folder.path}/data`;
afterEach(killAll);
afterAll(() => folder.remove());

const host = 'unanswered';

test('what is sent again after its answer was lost and somebody read it is stored once, and counted once', async () => {
  const began = Date.now();
  const collector = await startCollector(data, await freePort());
  const network = await startProxy(new URL(collector.url));
  const agent = startAgent(network.url, collector.ingestKey, `${folder.path}/agent`, {
    TARSIER_LOG: 'debug',
    TARSIER_LOG_FORMAT: 'json',
    TARSIER_HOST: host,
    TARSIER_FLUSH_MS: '1000',
  });
  const api = createApi(collector.url, await createKey(data, 'admin'));
  // By then the collector knows its schema, and asks for it no more.
  await eventually(async () => ((await kept()).batches > 7 ? true : undefined));
  // So many that who reads them has them put together.
  for (let value = 0; value < 40; value++) await api.importText(host, `made_here ${value}\n`);
  network.loseAnswers();
  // It has waited for longer than compaction leaves a batch alone.
  await eventually(async () => (agent.stderr.some((line) => line.includes('no whole answer')) ? true : undefined));
  await eventually(async () => {
    await api.samples(`system_uptime_seconds{host="${host}"}`, began, Date.now());
    return (await kept()).segments > 0 ? true : undefined;
  });
  network.heal();
  await eventually(async () => ((await kept()).ticks >= spooledTicks(agent).length - 1 ? true : undefined));
  expect(await agent.end('SIGTERM')).toBe(0);
  const goodbye = 1;
  expect((await kept()).ticks).toBe(spooledTicks(agent).length + goodbye);
  const ledger = await readLedger(data, host);
  expect(ledger).toMatchObject({ sent: ledger.taken, stored: ledger.taken, dropped: 0 });
  network.close();
  await collector.end('SIGTERM');
});

/** Of the agent, counted by the database's own tool: a query would show once what is there twice. */
async function kept(): Promise<{ readonly ticks: number; readonly batches: number; readonly segments: number }> {
  const [row] = await withDatabase(
    data,
    (sql) => sql<{ ticks: number; batches: number; segments: number }[]>`
      select coalesce(sum(rows), 0)::int as ticks, count(part)::int as segments, (count(*) - count(part))::int as batches
      from (
        select tenant_id, host_id, schema_hash, rows, null as part from batch
        union all select tenant_id, host_id, schema_hash, rows, part from segment
      ) as kept
      join host h using (tenant_id, host_id)
      join host_schema s using (tenant_id, host_id)
      where h.name = ${host} and s.hash = kept.schema_hash and s.agent`,
  );
  return row ?? { ticks: 0, batches: 0, segments: 0 };
}
