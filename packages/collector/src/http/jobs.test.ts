import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LiveMessage } from '@tarsier/protocol/live';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { startTestServer, type TestServer } from './testing.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const jobBody = z.object({ job: z.looseObject({ id: z.string(), state: z.string() }) });
const problem = z.looseObject({ code: z.string(), detail: z.string() });

async function client(tenant: string, scope: 'read' | 'write' | 'admin' = 'admin') {
  const key = await server.key(tenant, scope);
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${server.url}/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  };
  return {
    key,
    call,
    async until(id: string, state: string) {
      for (;;) {
        const { job } = jobBody.parse((await call('GET', `/jobs/${id}`)).body);
        if (job.state === state) return job;
        await sleep(20);
      }
    },
  };
}

test('a job is quoted, submitted with a key, found, read and paid for over HTTP, and seen by its tenant alone', async () => {
  const acme = await client('acme');
  const other = await client('other');
  const quote = await acme.call('POST', '/jobs/quote', { type: 'echo', payload: { a: 1 } });
  expect(quote.body).toMatchObject({ ms: 1, cost: '0.00000005', reserved: '0.000005', basedOnRuns: 0, waitsFor: [] });
  const job = { type: 'echo', payload: { a: 1 } };
  const first = await acme.call('POST', '/jobs', job, { 'idempotency-key': 'once' });
  expect(first.status).toBe(201);
  const { id } = jobBody.parse(first.body).job;
  const again = await acme.call('POST', '/jobs', job, { 'idempotency-key': 'once' });
  expect([again.status, jobBody.parse(again.body).job.id]).toEqual([201, id]);
  expect((await acme.call('POST', '/jobs', { ...job, priority: 1, key: 'once' })).status).toBe(409);
  expect(await acme.until(id, 'succeeded')).toMatchObject({ result: { a: 1 }, submittedBy: 'key' });
  expect(await acme.call('GET', '/jobs/usage?days=2')).toMatchObject({ body: { usage: [{ type: 'echo', runs: 1 }] } });

  expect((await other.call('GET', `/jobs/${id}`)).status).toBe(404);
  expect((await other.call('POST', `/jobs/${id}/cancel`)).status).toBe(404);
  expect((await other.call('GET', '/jobs')).body).toEqual({ jobs: [] });
  expect((await other.call('GET', `/jobs/${id}/events`)).body).toEqual({ events: [] });
  expect((await other.call('GET', '/jobs/usage')).body).toEqual({ usage: [], total: '0.00' });
  expect((await other.call('POST', '/jobs', { type: 'echo', after: [id] })).body).toMatchObject({
    code: 'jobs/after',
    detail: `after: ${id}: there is no such job`,
  });
});

test('many are submitted at once, or none when one of them is wrong', async () => {
  const acme = await client('bulk');
  const bad = await acme.call('POST', '/jobs/bulk', { jobs: [{ type: 'noop' }, { type: 'nope' }] });
  expect(problem.parse(bad.body)).toMatchObject({
    code: 'jobs/type',
    field: 'jobs.1.type',
    detail: expect.stringMatching(/^jobs\.1\.type: expected one of noop, echo, .* got "nope"$/u),
  });
  const jobs = Array.from({ length: 2_000 }, () => ({ type: 'noop' }));
  expect((await acme.call('POST', '/jobs/bulk', { jobs })).status).toBe(201);
  for (;;) {
    const { body } = await acme.call('GET', '/jobs/usage');
    if (z.object({ usage: z.array(z.object({ runs: z.number() })) }).parse(body).usage[0]?.runs === 2_000) break;
    await sleep(20);
  }
});

test('bad input says which field, what came and what was expected', async () => {
  const acme = await client('bad');
  const codes = async (path: string, body: unknown, method = 'POST') => {
    const answer = await acme.call(method, path, body);
    return [answer.status, problem.parse(answer.body).detail];
  };
  expect(await codes('/jobs', { type: 'pause', payload: { ms: 'x' } })).toEqual([
    400,
    expect.stringMatching(/^payload\.ms: /u),
  ]);
  expect(await codes('/jobs', { type: 'echo', priority: 101 })).toEqual([400, expect.stringMatching(/^priority: /u)]);
  let deep: unknown = 1;
  for (let level = 0; level < 200; level++) deep = { deep };
  expect(await codes('/jobs', { type: 'echo', payload: { deep } })).toEqual([
    400,
    'payload: expected at most 100 levels',
  ]);
  expect(await codes('/job-schedules', { name: 'x', type: 'echo', cron: '61 * * * *' })).toEqual([
    400,
    expect.stringMatching(/^cron: /u),
  ]);
  const zone = { name: 'x', type: 'echo', cron: '@daily', timeZone: 'Mars/Olympus' };
  expect(await codes('/job-schedules', zone)).toEqual([400, expect.stringMatching(/^timeZone: /u)]);
  expect(await codes('/budgets/b', { kind: 'jobs', amount: 'ten' }, 'PUT')).toEqual([
    400,
    expect.stringMatching(/^amount: expected USD as decimal text/u),
  ]);
  expect((await acme.call('GET', '/jobs/not-an-id')).status).toBe(400);
  const reader = await client('bad', 'read');
  expect((await reader.call('POST', '/jobs', { type: 'echo' })).status).toBe(403);
});

test('a budget is shown with what was spent of it, and a schedule submits its job', async () => {
  const acme = await client('planned');
  await acme.call('PUT', '/budgets/all', { kind: 'jobs', amount: '10.00' });
  const made = await acme.call('POST', '/job-schedules', { name: 'often', type: 'echo', cron: '* * * * * *' });
  expect(made.status).toBe(201);
  const { id } = z.object({ id: z.string() }).parse(made.body);
  const listed = z.object({ jobs: z.array(z.looseObject({ schedule: z.string(), cost: z.string() })) });
  for (;;) {
    const { jobs } = listed.parse((await acme.call('GET', '/jobs?state=succeeded')).body);
    if (jobs.length > 0) {
      expect(jobs[0]).toMatchObject({ schedule: id, submittedBy: 'schedule' });
      break;
    }
    await sleep(50);
  }
  expect((await acme.call('DELETE', `/job-schedules/${id}`)).status).toBe(204);
  const { budgets } = z
    .object({ budgets: z.array(z.looseObject({ spent: z.string() })) })
    .parse((await acme.call('GET', '/budgets')).body);
  expect(budgets[0]).toMatchObject({ id: 'all', kind: 'jobs', target: '*', period: 'month', amount: '10.00' });
  expect(Number(budgets[0]?.spent)).toBeGreaterThan(0);
});

test('whoever follows jobs on the live feed hears of each change, and of no other tenant', async () => {
  const acme = await client('seen');
  const other = await client('unseen');
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/live`);
  const heard: LiveMessage[] = [];
  socket.on('message', (data: Buffer) => heard.push(JSON.parse(data.toString()) as LiveMessage));
  await new Promise((resolve) => {
    socket.once('open', resolve);
  });
  socket.send(JSON.stringify({ type: 'hello', token: acme.key }));
  socket.send(JSON.stringify({ type: 'jobs', which: 'all' }));
  socket.send(JSON.stringify({ type: 'ping', at: 1 }));
  while (!heard.some(({ type }) => type === 'pong')) await sleep(5);
  await other.call('POST', '/jobs', { type: 'echo' });
  const { id } = jobBody.parse((await acme.call('POST', '/jobs', { type: 'pause', payload: { ms: 300 } })).body).job;
  const states = () => heard.flatMap((message) => (message.type === 'job' ? [message.job] : []));
  while (states().at(-1)?.state !== 'succeeded') await sleep(10);
  expect(new Set(states().map((job) => job.id))).toEqual(new Set([id]));
  expect(states().map(({ state }) => state)).toContain('running');
  socket.close();
});

test('who follows a job that waits hears its place in the queue, why it waits and when it should start, and that it moves up', async () => {
  const acme = await client('queued');
  await acme.call('PUT', '/jobs/limits', { type: '*', maxRunning: 1 });
  const submit = async (ms: number) =>
    jobBody.parse((await acme.call('POST', '/jobs', { type: 'pause', payload: { ms } })).body).job.id;
  await submit(1_500);
  await submit(1);
  const last = await submit(1);
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/live`);
  const heard: Extract<LiveMessage, { type: 'job' }>[] = [];
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as LiveMessage;
    if (message.type === 'job' && message.job.id === last) heard.push(message);
  });
  await new Promise((resolve) => {
    socket.once('open', resolve);
  });
  socket.send(JSON.stringify({ type: 'hello', token: acme.key }));
  socket.send(JSON.stringify({ type: 'jobs', which: { job: last } }));
  while (heard.at(-1)?.job.state !== 'succeeded') await sleep(10);
  expect(heard[0]).toMatchObject({ job: { state: 'waiting' }, waiting: { ahead: 1 } });
  expect(heard[0]?.waiting?.reasons.join()).toContain('1 jobs of its tenant run, which is the most it may');
  expect(heard[0]?.waiting?.expectedStart).toBeGreaterThan(0);
  expect(heard.at(-1)?.waiting).toBeUndefined();
  socket.close();
});
