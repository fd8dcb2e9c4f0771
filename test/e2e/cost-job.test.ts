import { writeFile } from 'node:fs/promises';
import { costOptimizationSchema } from '@tarsier/protocol/api';
import { afterAll, afterEach, expect, test } from 'vitest';
import type { LiveMessage } from '@tarsier/protocol/live';
import { z } from 'zod';
import { dayOfTokens } from '../support/llm-day.ts';
import { eventually, freePort, killAll, run, temporaryFolder } from '../support/processes.ts';
import { createApi, createKey, startCollector, startWorker, type Api } from '../support/tarsier.ts';

const folder = await temporaryFolder();
afterEach(killAll);
afterAll(() => folder.remove());

const described = z.object({ job: z.looseObject({ id: z.string(), state: z.string(), cost: z.string() }) });
const tokenOf = z.object({ token: z.string() });
const agentMain = 'packages/agent/src/main.ts';

interface Watched {
  /** States of the job, as they were told. */
  readonly states: readonly string[];
  close(): void;
}

/** Follows the tenant's jobs as a page does. */
async function watchJobs(url: string, key: string): Promise<Watched> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/live`);
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
  return { states, close: () => socket.close() };
}

test('a new tenant’s host tells what its AI agents use; a job prices it, is quoted, followed live, and paid for by exactly what it took', async () => {
  const data = `${folder.path}/data`;
  // Nothing that computes runs in the collector: a worker beside it does.
  const collector = await startCollector(data, await freePort(), { TARSIER_JOB_THREADS: '0' });
  const operator = createApi(collector.url, await createKey(data, 'operator'));
  expect(await operator.post('/v1/tenants', { name: 'acme', tier: 'pro' })).toMatchObject({ name: 'acme' });
  const key = await createKey(data, 'admin', {}, 'acme');
  const api = createApi(collector.url, key);
  await api.put('/v1/prices', { models: [{ model: 'large*', input: '3', output: '15', cachedInput: '0.3' }] });
  await api.put('/v1/budgets/all', { kind: 'jobs', amount: '5.00' });

  // A host is enrolled, and an application on it calls a model.
  const { token } = tokenOf.parse(await api.post('/v1/enrol-tokens', { name: 'app-2' }));
  const state = `${folder.path}/agent`;
  const enrolling = run(agentMain, ['enrol', '--url', collector.url, '--host', 'app-2'], {
    TARSIER_STATE: state,
    TARSIER_ENROL_TOKEN: token,
    XDG_CONFIG_HOME: folder.path,
  });
  expect([await enrolling.exited, enrolling.stderr]).toEqual([0, []]);
  const listen = `127.0.0.1:${await freePort()}`;
  const settings = `${folder.path}/agent.yaml`;
  await writeFile(settings, `plugins:\n  otlp: { listen: "${listen}" }\n  llm: { listen: "${listen}" }\n`);
  run(agentMain, ['run', '--config', settings], {
    TARSIER_STATE: state,
    XDG_CONFIG_HOME: folder.path,
    TARSIER_INTERVAL_MS: '500',
    TARSIER_FLUSH_MS: '500',
  });
  const began = Date.now();
  await eventually(async () => (await fetch(`http://${listen}/v1/traces`, { method: 'POST' })).status);
  const used = async () => {
    const found = await api.samples('llm_tokens_total{host="app-2"}', began, Date.now() + 1_000);
    return found.reduce((sum, { points }) => sum + (points.at(-1)?.[1] ?? 0), 0);
  };
  for (const least of [1, 15_601]) {
    expect(await run('test/support/llm-app.ts', [`http://${listen}`], {}).exited).toBe(0);
    await eventually(async () => ((await used()) >= least ? true : undefined));
  }

  await api.importText('app-1', dayOfTokens());

  const job = { type: 'cost_optimization', payload: { days: 1 } };
  const quote = z.looseObject({ cost: z.string(), reserved: z.string() }).parse(await api.post('/v1/jobs/quote', job));
  expect(Number(quote.reserved)).toBeGreaterThan(Number(quote.cost));
  const watched = await watchJobs(collector.url, key);
  const { id } = described.parse(await api.post('/v1/jobs', { ...job, key: 'once' })).job;
  expect(await api.get(`/v1/jobs/${id}`)).toMatchObject({
    waiting: { reasons: ['no worker runs jobs of type cost_optimization'] },
  });
  const worker = startWorker(data);
  // A second submission, because the answer to the first was lost, is the same job.
  expect(described.parse(await api.post('/v1/jobs', { ...job, key: 'once' })).job.id).toBe(id);
  await eventually(async () => (watched.states.includes('succeeded') ? true : undefined), 120_000);
  watched.close();

  const done = described.parse(await api.get(`/v1/jobs/${id}`)).job;
  const result = costOptimizationSchema.parse(done['result']);
  expect(result.findings.map(({ kind, subject }) => [kind, subject])).toContainEqual([
    'uncached-prompts',
    'plain with large',
  ]);
  // What the enrolled host's application used is in what models cost.
  expect(result.unpriced).toEqual([]);
  expect(Number(result.monthly)).toBeGreaterThan(0);
  expect(Number(done.cost)).toBeGreaterThan(0);
  // All that was spent is what this job cost, wherever it is looked at.
  expect(await api.get('/v1/jobs/usage')).toMatchObject({
    usage: [{ type: 'cost_optimization', runs: 1, cost: done.cost }],
    total: done.cost,
  });
  expect(await api.get('/v1/budgets')).toMatchObject({
    budgets: [{ id: 'all', amount: '5.00', spent: done.cost, reserved: '0.00' }],
  });
  // Nothing of it is another tenant's.
  const other = createApi(collector.url, await createKey(data, 'admin'));
  expect(await other.get('/v1/jobs/usage')).toMatchObject({ usage: [], total: '0.00' });

  await newerKinds(api, collector.url, key);
  expect(await worker.end('SIGTERM')).toBe(0);
  expect(await collector.end('SIGTERM')).toBe(0);
});

/** The same door for the other models' jobs: submitted over REST, watched live, each result by its own schema. */
async function newerKinds(api: Api, url: string, key: string): Promise<void> {
  const minute = 60_000;
  const now = Date.now();
  const noise = (at: number): number => Math.sin(at * 12.9898) * 2 + Math.sin(at * 78.233);
  const lines = Array.from({ length: 720 }, (_, at) => {
    const time = now - (719 - at) * minute;
    const busy = 0.4 + 0.2 * Math.sin(at / 60) + 0.01 * noise(at);
    return [
      ...['all', '0'].map((cpu, nth) => `cpu_busy_ratio{cpu="${cpu}"} ${busy + 0.01 * noise(at + 500 * nth)} ${time}`),
      `cpu_cores 2 ${time}`,
      `memory_total_bytes 4000000000 ${time}`,
      `memory_available_bytes ${2_000_000_000 + 1e7 * noise(at)} ${time}`,
    ].join('\n');
  });
  const gauges = ['cpu_busy_ratio', 'cpu_cores', 'memory_total_bytes', 'memory_available_bytes'];
  const types = gauges.map((name) => `# TYPE ${name} gauge\n`).join('');
  await api.importText('app-3', `${types}${lines.join('\n')}\n`);
  const selector = 'cpu_busy_ratio{host="app-3"}';
  for (const agent of ['plain', 'caching']) {
    await api.put(`/v1/budgets/${agent}`, { kind: 'agent', target: agent, amount: '10.00' });
  }
  const kinds = [
    { type: 'optimise.score', payload: {} },
    { type: 'performance.analyse', payload: {} },
    { type: 'report.weekly', payload: { language: 'de' } },
    { type: 'budget.rebalance', payload: {} },
    {
      type: 'models.compare',
      payload: { query: selector, families: ['detector'], stepMs: minute, historyMs: 12 * 60 * minute },
    },
    {
      type: 'detector.train',
      payload: {
        model: 'app-3',
        query: selector,
        detector: 'isolation-forest',
        historyMs: 12 * 60 * minute,
        promote: 'always',
      },
    },
  ];
  const watched = await watchJobs(url, key);
  const ids: string[] = [];
  for (const job of kinds) ids.push(described.parse(await api.post('/v1/jobs', job)).job.id);
  const ended = await Promise.all(
    ids.map((id) =>
      eventually(async () => {
        const { job } = described.parse(await api.get(`/v1/jobs/${id}`));
        return ['succeeded', 'failed'].includes(job.state) ? job : undefined;
      }, 240_000),
    ),
  );
  expect(ended.map((job) => [job['type'], job.state, job['error']])).toEqual(
    kinds.map(({ type }) => [type, 'succeeded', undefined]),
  );
  for (const job of ended) expect(job['result']).toMatchObject({ kind: job['type'], version: 1 });
  expect(watched.states.filter((state) => state === 'running').length).toBeGreaterThan(0);
  watched.close();
  expect(await api.get('/v1/models')).toMatchObject({ models: [{ name: 'app-3', version: 1, isPromoted: true }] });
  const report = await fetch(new URL(`/v1/jobs/${ids[2]}/report`, url), {
    headers: { authorization: `Bearer ${key}` },
  });
  expect(report.headers.get('content-type')).toContain('text/html');
  expect(await report.text()).toContain('Wochenbericht');
}
