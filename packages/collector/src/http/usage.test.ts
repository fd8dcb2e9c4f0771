import { formatUsd } from '@tarsier/protocol';
import { createClient } from '@tarsier/protocol/client';
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
    'day,host,agent,model,job,what,amount,unit',
    `${today},web-1,,,,batches,1,batches`,
    `${today},web-1,,,,received_bytes,${String(used['web-1 received_bytes'])},bytes`,
    `${today},web-1,,,,samples,20,samples`,
    `${today},web-1,,,,series,2,series`,
    `${today},web-1,,,,stored_bytes,${String(used['web-1 stored_bytes'])},bytes`,
    '',
  ]);
  expect((await get(`/v1/usage?from=${today}&to=${yesterday}`)).status).toBe(400);
});

test('jobs, their CPU time and their cost are what each run was charged, to the billionth', async () => {
  const { scope, get } = await startTenant('charged');
  const tarsier = createClient({ url: server.url, token: await server.key('charged', 'write') });
  const pause = (ms: number) => ({ type: 'pause', payload: { ms } });
  await tarsier.call('POST /v1/jobs/bulk', {
    body: { jobs: [pause(3), pause(1), pause(7), { type: 'fails', payload: { times: 9 }, maxAttempts: 1 }] },
  });
  const finished = async (): Promise<number> =>
    (await sql`select 1 from job where tenant_id = ${scope.tenantId} and finished_at is not null`).length;
  await expect.poll(finished, { timeout: 20_000 }).toBe(4);
  // The metered facts: each job's own row.
  const facts = await sql<{ type: string; runs: number; ms: number; cost: number }[]>`
    select type, count(*)::int as runs, sum(metered_ms)::int as ms, sum(cost)::int as cost from job
    where tenant_id = ${scope.tenantId} group by type order by type`;
  const { usage } = await tarsier.call('GET /v1/usage', { query: { from: yesterday, to: today } });
  const nanos = (usd: number): number => Math.round(usd * 1e9);
  const amount = (job: string, what: string): number =>
    usage.filter((row) => row.job === job && row.what === what).reduce((sum, row) => sum + row.amount, 0);
  expect(facts.map(({ type }) => type)).toEqual(['fails', 'pause']);
  for (const { type, runs, ms, cost } of facts) {
    expect([amount(type, 'jobs'), amount(type, 'job_cpu_seconds'), nanos(amount(type, 'job_cost'))]).toEqual([
      runs,
      ms / 1000,
      cost,
    ]);
  }
  const sums = facts.reduce((all, { ms, cost }) => ({ ms: all.ms + ms, cost: all.cost + cost }), { ms: 0, cost: 0 });
  const analytics = await tarsier.call('GET /v1/analytics', { query: { by: 'job' } });
  expect(analytics).toMatchObject({
    by: 'job',
    units: { cost: 'usd', cpu_seconds: 'seconds', jobs: 'runs' },
    totals: { jobs: 4, job_cpu_seconds: sums.ms / 1000, cpu_seconds: sums.ms / 1000 },
    rows: [
      { key: 'fails', amounts: { jobs: 1 } },
      { key: 'pause', amounts: { jobs: 3 } },
    ],
  });
  expect(nanos(analytics.totals['cost'] ?? 0)).toBe(sums.cost);
  // And the file says money with all its digits.
  const [header = '', ...lines] = (await (await get('/v1/analytics/csv?by=job')).text()).trim().split('\r\n');
  const column = header.split(',').indexOf('job_cost');
  expect(lines.map((line) => line.split(',')[column])).toEqual(facts.map(({ cost }) => formatUsd(cost)));
});

test('calls, tokens and cost of models are by day, host, agent and model, and sums are those of the counters', async () => {
  const { scope, ingest, get } = await startTenant('models');
  await storage.prices.set(scope, {
    coreHour: '0.03',
    gibHour: '0.004',
    models: [{ model: 'large', provider: '*', input: '3', output: '10' }],
  });
  // Counters of two agents on two hosts, from the beginning of yesterday until its end, every ten minutes.
  const start = Date.parse(yesterday);
  const lines: string[] = [];
  const uses = [
    { host: 'a', agent: 'support', model: 'large', perStep: 10 },
    { host: 'b', agent: 'support', model: 'large', perStep: 20 },
    { host: 'b', agent: 'search', model: 'unheard-of', perStep: 5 },
  ];
  for (const { host, agent, model, perStep } of uses) {
    for (let step = 0; step <= 144; step++) {
      const labels = `host="${host}",agent="${agent}",provider="acme",model="${model}"`;
      const time = start + step * 600_000;
      lines.push(`llm_tokens_total{${labels},type="output"} ${step * perStep} ${time}`);
      lines.push(`llm_calls_total{${labels}} ${step} ${time}`);
    }
  }
  const imported = await fetch(`${server.url}/v1/import/prometheus`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ingest}`, 'content-type': 'text/plain' },
    body: `# TYPE llm_tokens_total counter\n# TYPE llm_calls_total counter\n${lines.join('\n')}\n`,
  });
  expect(imported.status, await imported.clone().text()).toBeLessThan(300);
  const of = async (by: string) => {
    const answer = await get(`/v1/analytics?from=${yesterday}&to=${yesterday}&by=${by}`);
    return (await answer.json()) as {
      totals: Record<string, number>;
      rows: { key: string; amounts: Record<string, number> }[];
      unpriced: string[];
    };
  };
  const byAgent = await of('agent');
  expect(byAgent.totals).toMatchObject({ model_tokens: 144 * 35, model_calls: 144 * 3, model_cost: 0.0432 });
  expect(byAgent.unpriced).toEqual(['acme/unheard-of']);
  expect(byAgent.rows).toEqual([
    { key: 'search', amounts: { model_calls: 144, model_tokens: 720 } },
    { key: 'support', amounts: { cost: 0.0432, model_calls: 288, model_cost: 0.0432, model_tokens: 4320 } },
  ]);
  expect((await of('model')).rows.map(({ key, amounts }) => [key, amounts['model_tokens']])).toEqual([
    ['large', 4320],
    ['unheard-of', 720],
  ]);
  expect((await of('host')).rows.map(({ key, amounts }) => [key, amounts['model_tokens']])).toEqual([
    ['a', 1440],
    ['b', 3600],
  ]);
  expect((await of('day')).rows.map(({ key }) => key)).toEqual([yesterday]);
  // To ask is no query of the tenant.
  expect((await of('day')).totals).not.toHaveProperty('queries');
});
