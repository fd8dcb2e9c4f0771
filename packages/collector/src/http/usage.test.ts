import { afterAll, expect, test } from 'vitest';
import { testBatch } from '../ingest/testing.ts';
import { silentLog } from '../log.ts';
import { startTestServer } from './testing.ts';

const server = await startTestServer();
afterAll(() => server.close());
const { storage, sql } = server;
const today = new Date().toISOString().slice(0, 10);
const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);

async function startTenant(name: string) {
  const scope = await storage.tenants.ensure(name);
  const [ingest, read] = await Promise.all([server.key(name, 'ingest'), server.key(name, 'read')]);
  const get = (path: string) => fetch(server.url + path, { headers: { authorization: `Bearer ${read}` } });
  const amounts = async () => {
    const answer = await get(`/v1/usage?from=${yesterday}&to=${today}`);
    const { usage } = (await answer.json()) as { usage: { host: string; what: string; amount: number }[] };
    const sums = new Map<string, number>();
    for (const { host, what, amount } of usage)
      sums.set(`${host} ${what}`, (sums.get(`${host} ${what}`) ?? 0) + amount);
    return Object.fromEntries(sums);
  };
  return { scope, ingest, get, amounts };
}

test('what was acknowledged is what is counted, before, while and after it is put together', async () => {
  const { scope, ingest, amounts } = await startTenant('counted');
  const sent = new Map<string, { samples: number; batches: number; received_bytes: number }>();
  const now = Date.now();
  for (let seq = 0; seq < 30; seq++) {
    const host = `host-${seq % 3}`;
    // Some are of hours that are over: those become blocks, the others segments.
    const endMs = Math.floor((now - (seq % 5) * 3_600_000) / 1000) * 1000 - seq * 20_000;
    const body = testBatch({ host, seq, endMs });
    expect((await server.ingest(ingest, body)).status).toBe(204);
    // A second time it is stored, and counted, no more.
    if (seq % 4 === 0) expect((await server.ingest(ingest, body)).status).toBe(204);
    const before = sent.get(host) ?? { samples: 0, batches: 0, received_bytes: 0 };
    sent.set(host, { ...before, samples: before.samples + 20, batches: before.batches + 1 });
  }
  const [stored] = await sql`
    select sum(length(payload))::int as bytes, count(*)::int as batches from batch where tenant_id = ${scope.tenantId}`;
  const expected = Object.fromEntries(
    [...sent].flatMap(([host, { samples, batches }]) => [
      [`${host} samples`, samples],
      [`${host} batches`, batches],
    ]),
  );
  const first = await amounts();
  expect(first).toMatchObject(expected);
  const bytes = Object.entries(first).filter(([name]) => name.endsWith('received_bytes'));
  expect(bytes.reduce((sum, [, amount]) => sum + amount, 0)).toBe(stored?.['bytes']);
  expect(stored?.['batches']).toBe(30);

  const compactor = storage.createCompactor(silentLog);
  await compactor.run(now);
  // What is over is due once it has been quiet for a while.
  await compactor.run(now + 3_600_000);
  expect(await amounts()).toEqual(first);
  const hosts = await storage.hosts.list(scope);
  await compactor.flush(
    hosts.map(({ hostId }) => ({ tenantId: scope.tenantId, hostId })),
    now + 60_000,
  );
  expect(await sql`select 1 from batch where tenant_id = ${scope.tenantId}`).toHaveLength(0);
  expect(await amounts()).toEqual(first);
  // What a host that is gone has used stays counted, without its name.
  await storage.deletions.deleteHost(scope, 'host-0');
  expect(await amounts()).toEqual(
    Object.fromEntries(Object.entries(first).map(([name, amount]) => [name.replace(/^host-0/u, ''), amount])),
  );
});

test('queries are counted with what they read; series and bytes are measured; others see nothing of it', async () => {
  const { scope, ingest, get, amounts } = await startTenant('queries');
  const { amounts: strangers } = await startTenant('strangers');
  expect((await server.ingest(ingest, testBatch())).status).toBe(204);
  const end = Math.ceil(Date.now() / 1000);
  for (let i = 0; i < 3; i++) {
    expect((await get(`/prometheus/api/v1/query?query=sum_over_time(cpu_busy_ratio[1m])&time=${end}`)).status).toBe(
      200,
    );
  }
  expect((await get('/prometheus/api/v1/query?query=sum(')).status).toBe(400);
  expect((await get(`/v1/query_range?query=cpu_busy_ratio&start=${end - 60}&end=${end}`)).status).toBe(200);
  await storage.usage.measure(scope, Date.now());
  const used = await amounts();
  expect(used).toMatchObject({ ' queries': 4, ' query_samples': 40, 'web-1 series': 2, 'web-1 samples': 20 });
  expect(used['web-1 stored_bytes']).toBe(used['web-1 received_bytes']);
  expect(await strangers()).toEqual({});
  const csv = await get(`/v1/usage/csv?from=${today}&to=${today}&host=web-1`);
  expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect((await csv.text()).split('\r\n')).toEqual([
    'day,host,what,amount,unit',
    `${today},web-1,batches,1,batches`,
    `${today},web-1,received_bytes,${String(used['web-1 received_bytes'])},bytes`,
    `${today},web-1,samples,20,samples`,
    `${today},web-1,series,2,series`,
    `${today},web-1,stored_bytes,${String(used['web-1 stored_bytes'])},bytes`,
    '',
  ]);
  expect((await get(`/v1/usage?from=${today}&to=${yesterday}`)).status).toBe(400);
});
