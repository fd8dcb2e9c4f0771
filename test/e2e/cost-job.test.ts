import { afterAll, afterEach, expect, test } from 'vitest';
import type { LiveMessage } from '@tarsier/protocol/live';
import { z } from 'zod';
import { eventually, freePort, killAll, temporaryFolder } from '../support/processes.ts';
import { createApi, createKey, startCollector } from '../support/tarsier.ts';

const folder = await temporaryFolder();
afterEach(killAll);
afterAll(() => folder.remove());

const described = z.object({ job: z.looseObject({ id: z.string(), state: z.string(), cost: z.string() }) });

test('what an agent spends is priced by a job that is quoted, followed live, and paid for by exactly what it took', async () => {
  const data = `${folder.path}/data`;
  const collector = await startCollector(data, await freePort());
  const key = await createKey(data, 'admin');
  const api = createApi(collector.url, key);
  const put = async (path: string, body: unknown): Promise<void> => {
    const response = await fetch(new URL(path, collector.url), {
      method: 'PUT',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(200);
  };
  await put('/v1/prices', { models: [{ model: 'large', input: '3', output: '15', cachedInput: '0.3' }] });
  await put('/v1/budgets/all', { kind: 'jobs', amount: '5.00' });

  // A day of two agents, of which one caches its prompts.
  const now = Date.now();
  const lines = ['plain', 'caching'].flatMap((agent) =>
    Array.from({ length: 97 }, (_, at) => {
      const time = now - (96 - at) * 900_000;
      const labels = `agent="${agent}",provider="acme",model="large"`;
      const cached = agent === 'caching' ? 9_000 * at : 0;
      return [
        `llm_tokens_total{${labels},type="input"} ${10_000 * at - cached} ${time}`,
        `llm_tokens_total{${labels},type="cached"} ${cached} ${time}`,
        `llm_calls_total{${labels}} ${at} ${time}`,
      ].join('\n');
    }),
  );
  const imported = await fetch(new URL('/v1/import/prometheus?host=app-1', collector.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'text/plain' },
    body: `# TYPE llm_tokens_total counter\n# TYPE llm_calls_total counter\n${lines.join('\n')}\n`,
  });
  expect([200, 204]).toContain(imported.status);

  const job = { type: 'cost_optimization', payload: { days: 1 } };
  const quote = z.looseObject({ cost: z.string(), reserved: z.string() }).parse(await api.post('/v1/jobs/quote', job));
  expect(Number(quote.reserved)).toBeGreaterThan(Number(quote.cost));

  const socket = new WebSocket(`${collector.url.replace('http', 'ws')}/v1/live`);
  const states: string[] = [];
  socket.addEventListener('message', ({ data: text }) => {
    const message = JSON.parse(String(text)) as LiveMessage;
    if (message.type === 'job') states.push(message.job.state);
  });
  await new Promise((resolve) => {
    socket.addEventListener('open', resolve);
  });
  socket.send(JSON.stringify({ type: 'hello', token: key }));
  socket.send(JSON.stringify({ type: 'jobs', which: 'all' }));
  const { id } = described.parse(await api.post('/v1/jobs', { ...job, key: 'once' })).job;
  await eventually(async () => (states.includes('succeeded') ? true : undefined), 120_000);
  socket.close();

  const done = described.parse(await api.get(`/v1/jobs/${id}`)).job;
  expect(done).toMatchObject({
    state: 'succeeded',
    result: { findings: [{ kind: 'uncached-prompts', subject: 'plain with large' }] },
  });
  expect(Number(done.cost)).toBeGreaterThan(0);
  // All that was spent is what this job cost, wherever it is looked at.
  expect(await api.get('/v1/jobs/usage')).toMatchObject({
    usage: [{ type: 'cost_optimization', runs: 1, cost: done.cost }],
    total: done.cost,
  });
  expect(await api.get('/v1/budgets')).toMatchObject({
    budgets: [{ id: 'all', amount: '5.00', spent: done.cost, reserved: '0.00' }],
  });
  expect(await collector.end('SIGTERM')).toBe(0);
});
