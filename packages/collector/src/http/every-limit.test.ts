/** Each limit that a tenant can have holds, and says its name; one that is new can not be without its line here. */
import type { LimitName } from '@tarsier/protocol/api';
import { afterAll, expect, test } from 'vitest';
import { testBatch } from '../ingest/testing.ts';
import { connectTo } from '../live/testing.ts';
import type { TenantScope } from '../tenant.ts';
import { startTestServer } from './testing.ts';

const server = await startTestServer();
afterAll(() => server.close());
const { storage } = server;
const operator = await server.key('default', 'operator');
const endMs = Math.floor(Date.now() / 1_000) * 1_000 - 60_000;

interface Tenant {
  readonly scope: TenantScope;
  send(batch: Parameters<typeof testBatch>[0]): Promise<Told>;
  get(path: string): Promise<Told>;
  post(path: string, body: unknown): Promise<Told>;
  live(selectors: readonly string[]): Promise<string[]>;
}

/** A refusal: its code, and for how long. */
interface Told {
  readonly status: number;
  readonly code?: string | undefined;
}

async function startTenant(name: LimitName): Promise<Tenant> {
  const tenant = `limit-${name}`;
  const scope = await storage.tenants.ensure(tenant);
  const key = await server.key(tenant, 'admin');
  const authorization = `Bearer ${key}`;
  async function told(asked: Promise<Response>): Promise<Told> {
    const answer = await asked;
    const body = (await answer.text()) || '{}';
    return { status: answer.status, code: (JSON.parse(body) as { readonly code?: string }).code };
  }
  return {
    scope,
    send: (batch) => told(server.ingest(key, testBatch({ endMs, ...batch }))),
    get: (path) => told(fetch(server.url + path, { headers: { authorization } })),
    post: (path, body) =>
      told(
        fetch(server.url + path, {
          method: 'POST',
          headers: { authorization, 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      ),
    async live(selectors) {
      const client = await connectTo(server.url);
      client.say({ type: 'hello', token: key });
      for (const [id, selector] of selectors.entries()) client.say({ type: 'sub', id, selector, windowMs: 60_000 });
      client.say({ type: 'ping', at: 1 });
      await client.said('pong');
      return client.messages.flatMap((message) => (message.type === 'error' ? [message.error.code] : []));
    },
  };
}

const range = `start=${endMs / 1_000 - 3_600}&end=${endMs / 1_000 + 60}`;
const pause = { type: 'pause', payload: { ms: 500 } };

/** What is let in with the limit, and how what is more is answered. */
const limits: Readonly<
  Record<
    LimitName,
    {
      readonly value: number;
      readonly within: (of: Tenant) => Promise<unknown>;
      readonly over: (of: Tenant) => Promise<unknown>;
      readonly says: unknown;
    }
  >
> = {
  requests: {
    value: 0.1,
    within: (of) => of.get('/v1/hosts'),
    over: (of) => of.get('/v1/hosts'),
    says: { status: 429, code: 'limit/requests' },
  },
  samples: {
    value: 2,
    within: (of) => of.send({ seq: 0 }),
    over: (of) => of.send({ seq: 1 }),
    says: { status: 429, code: 'limit/samples' },
  },
  series: {
    value: 2,
    within: (of) => of.send({ host: 'first' }),
    over: (of) => of.send({ host: 'second' }),
    says: { status: 429, code: 'ingest/too-many-series' },
  },
  hosts: {
    value: 1,
    within: (of) => of.send({ host: 'first' }),
    over: (of) => of.send({ host: 'second' }),
    says: { status: 429, code: 'limit/hosts' },
  },
  bytes: {
    value: 1,
    within: (of) => of.send({ seq: 0 }),
    async over(of) {
      await server.limiter.measure();
      return of.send({ seq: 1 });
    },
    says: { status: 429, code: 'limit/bytes' },
  },
  'query-samples': {
    value: 10,
    async within(of) {
      await of.send({});
      return of.get(`/v1/query_range?query=vector(1)&step=600&${range}`);
    },
    over: (of) => of.get(`/v1/query_range?query=sum_over_time(cpu_busy_ratio[1h])&step=60&${range}`),
    says: { status: 422, code: 'query/too-many-samples' },
  },
  'query-series': {
    value: 1,
    async within(of) {
      await of.send({});
      return of.get(`/v1/query_range?query=cpu_busy_ratio&step=60&${range}`);
    },
    over: (of) => of.get(`/v1/query_range?query={__name__=~".%2B"}&step=60&${range}`),
    says: { status: 422, code: 'query/too-many-series' },
  },
  'query-seconds': {
    value: 0.001,
    within: (of) => of.send({}),
    over: (of) => of.get(`/v1/query_range?query=cpu_busy_ratio&step=60&${range}`),
    says: { status: 503, code: 'query/timeout' },
  },
  subscriptions: {
    value: 1,
    within: (of) => of.live(['one']),
    // All connections together.
    over: (of) => of.live(['another']),
    says: ['limit/subscriptions'],
  },
  'jobs-waiting': {
    value: 1,
    within: (of) => of.post('/v1/jobs', { type: 'noop', startAt: Date.now() + 3_600_000 }),
    over: (of) => of.post('/v1/jobs', { type: 'noop' }),
    says: { status: 429, code: 'limit/jobs-waiting' },
  },
  'jobs-running': {
    value: 1,
    within: (of) => of.post('/v1/jobs', pause),
    async over(of) {
      await of.post('/v1/jobs/bulk', { jobs: [pause, pause] });
      let most = 0;
      await expect
        .poll(
          async () => {
            const jobs = await storage.jobs.list(of.scope, { limit: 10, before: undefined });
            most = Math.max(most, jobs.filter(({ state }) => state === 'running').length);
            return jobs.every(({ state }) => state === 'succeeded');
          },
          { timeout: 30_000 },
        )
        .toBe(true);
      return { most };
    },
    says: { most: 1 },
  },
  'money-day': {
    value: 0.000_01,
    within: (of) => of.post('/v1/jobs', { type: 'noop', startAt: Date.now() + 3_600_000 }),
    over: spentThen,
    says: { status: 429, code: 'limit/money-day' },
  },
  'money-month': {
    value: 0.000_01,
    within: (of) => of.post('/v1/jobs', { type: 'noop', startAt: Date.now() + 3_600_000 }),
    over: spentThen,
    says: { status: 429, code: 'limit/money-month' },
  },
};

async function spentThen({ scope, post }: Tenant): Promise<Told> {
  await server.sql`
    insert into job_usage (tenant_id, day, type, runs, base_ms, estimate_ms, metered_ms, cost)
    values (${scope.tenantId}, ${new Date().toISOString().slice(0, 10)}::date, 'noop', 1, 1, 1, 1, 10000)`;
  return post('/v1/jobs', { type: 'noop' });
}

test.each(Object.entries(limits))(
  'a tenant that has a limit of %s is held to it',
  async (name, { value, within, over, says }) => {
    const tenant = await startTenant(name as LimitName);
    const set = await fetch(`${server.url}/v1/tenants/${tenant.scope.tenantId}/limits`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${operator}`, 'content-type': 'application/json' },
      body: JSON.stringify({ limits: { [name]: value } }),
    });
    expect(set.status).toBe(200);
    const first = await within(tenant);
    if (Array.isArray(first)) expect(first).toEqual([]);
    else expect((first as Told).status).toBeLessThan(300);
    expect(await over(tenant)).toMatchObject(says as object);
  },
);
