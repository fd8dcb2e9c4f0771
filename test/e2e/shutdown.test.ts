import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { batchContentType } from '@tarsier/protocol';
import { afterAll, afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { testBatch } from '../../packages/collector/src/ingest/testing.ts';
import { withDatabase } from '../support/database.ts';
import { eventually, freePort, killAll, temporaryFolder } from '../support/processes.ts';
import { createApi, createKey, startCollector } from '../support/tarsier.ts';

const folder = await temporaryFolder();
const data = `${folder.path}/data`;
afterEach(killAll);
afterAll(() => folder.remove());

const senders = 4;
const jobCount = 10;
const jobsSchema = z.object({ jobs: z.array(z.object({ id: z.string(), state: z.string() })) });

test('a collector that is told to stop while everything goes on ends soon, and has lost nothing', async () => {
  const collector = await startCollector(data, await freePort());
  const { url, ingestKey } = collector;
  const [read, write] = [await createKey(data, 'read'), await createKey(data, 'write')];
  const began = Date.now();

  /** By host, the numbers of the batches that were answered 204; and every other answer. */
  const stored = new Map<string, number[]>();
  const refusals: number[] = [];
  let sending = true;
  async function send(host: string): Promise<void> {
    const mine: number[] = [];
    stored.set(host, mine);
    for (let seq = 0; sending; seq++) {
      const body = testBatch({ host, seq, endMs: Math.floor(began / 1_000) * 1_000 - 3_600_000 + seq * 10_000 });
      const status = await fetch(`${url}/v1/ingest`, {
        method: 'POST',
        headers: { authorization: `Bearer ${ingestKey}`, 'content-type': batchContentType },
        body: new Uint8Array(body),
      }).then(
        (answer) => answer.status,
        () => 0,
      );
      if (status === 204) mine.push(seq);
      else if (status === 0) return;
      else refusals.push(status);
    }
  }
  const sent = Array.from({ length: senders }, (_, index) => send(`host-${index}`));

  const codes = Array.from({ length: 3 }, async () => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/live`);
    const closed = new Promise<number>((resolve) => {
      socket.addEventListener('close', ({ code }) => resolve(code));
    });
    await new Promise((resolve) => {
      socket.addEventListener('open', resolve);
    });
    socket.send(JSON.stringify({ type: 'hello', token: read }));
    socket.send(JSON.stringify({ type: 'sub', id: 1, selector: 'cpu_busy_ratio', windowMs: 60_000 }));
    return { closed };
  });
  const sockets = await Promise.all(codes);
  await eventually(async () => ([...stored.values()].every(({ length }) => length >= 5) ? true : undefined));
  const api = createApi(url, write);
  const jobs = Array.from({ length: jobCount }, () => ({ type: 'cost_optimization', payload: {} }));
  const { jobs: submitted } = z
    .object({ jobs: z.array(z.object({ id: z.string() })) })
    .parse(await api.post('/v1/jobs/bulk', { jobs }));
  // As many steps as there may be, each over a day in steps of a second: until it is told that nobody waits.
  const heavy = new URLSearchParams({
    query: 'sum(max_over_time(avg_over_time(cpu_busy_ratio[1m])[1d:1s]))',
    start: String(began / 1_000 - 10_000),
    end: String(began / 1_000),
    step: '1',
  });
  const query = fetch(`${url}/prometheus/api/v1/query_range?${heavy}`, {
    headers: { authorization: `Bearer ${read}` },
  }).then(
    ({ status }) => status,
    () => 'cut off',
  );

  const readiness: number[] = [];
  let asking = true;
  const asked = (async () => {
    while (asking) {
      const status = await fetch(`${url}/readyz`).then(
        (answer) => answer.status,
        () => 0,
      );
      readiness.push(status);
      if (status === 0) return;
      await sleep(5);
    }
  })();
  await eventually(async () => (readiness.includes(200) ? true : undefined));
  const told = performance.now();
  expect(await collector.end('SIGTERM')).toBe(0);
  const tookMs = performance.now() - told;
  sending = asking = false;
  await Promise.all([...sent, asked]);
  process.stdout.write(`stopped in ${(tookMs / 1_000).toFixed(1)} s under load\n`);
  // Of five seconds at most two are for requests that have begun; a busy machine takes longer to do the rest, and there
  // this is that it does not hang.
  const isBusy = (loadavg()[0] ?? 0) > 1.5 * availableParallelism();
  expect(tookMs).toBeLessThan(isBusy ? 60_000 : 5_000);
  // Ready until it was told, then not, then gone: never ready again.
  expect(readiness.join(' ')).toMatch(/^(?:200 )+(?:503 )+0$/u);
  expect(new Set(refusals)).toEqual(refusals.length === 0 ? new Set() : new Set([503]));
  for (const { closed } of sockets) expect(await closed).toBe(1001);
  // It was answered, or was told that it is not: it never hangs.
  expect([200, 422, 503, 'cut off']).toContain(await query);

  const again = await startCollector(data, await freePort());
  const rows = await withDatabase(
    data,
    (sql) => sql<{ host: string; seq: number }[]>`
      select h.name as host, b.seq from batch b join host h using (tenant_id, host_id)`,
  );
  const kept = new Set(rows.map(({ host, seq }) => `${host}/${seq}`));
  const acknowledged = [...stored].flatMap(([host, seqs]) => seqs.map((seq) => `${host}/${seq}`));
  expect(acknowledged.length).toBeGreaterThanOrEqual(senders * 5);
  // What is put away meanwhile is in segments: then the samples are counted.
  const missing = acknowledged.filter((name) => !kept.has(name));
  if (missing.length > 0) {
    const found = await createApi(again.url, read).samples('cpu_busy_ratio', began - 7_200_000, began + 86_400_000);
    for (const [host, seqs] of stored) {
      const points = found.find(({ metric }) => metric['host'] === host)?.points.length ?? 0;
      expect(points).toBeGreaterThanOrEqual(seqs.length * 10);
    }
  }
  const ids = new Set(submitted.map(({ id }) => id));
  const states = await eventually(async () => {
    const { jobs: all } = jobsSchema.parse(await createApi(again.url, read).get('/v1/jobs?limit=100'));
    const mine = all.filter(({ id }) => ids.has(id));
    return mine.every(({ state }) => state === 'succeeded' || state === 'failed') ? mine : undefined;
  });
  expect(states.map(({ state }) => state)).toEqual(Array.from({ length: jobCount }, () => 'succeeded'));
  expect(await again.end('SIGTERM')).toBe(0);
});
