import { formatUsd, TarsierError } from '@tarsier/protocol';
import { z } from 'zod';
import type { JobQueue } from '../../jobs/queue.ts';
import { dayMs } from '../../storage/hours.ts';
import { decodeCursor, encodeCursor } from '../../storage/cursor.ts';
import type { Storage } from '../../storage/storage.ts';
import type { Limiter } from '../../tenancy/limiter.ts';
import type { TenantScope } from '../../tenant.ts';
import type { Api } from '../api/call.ts';
import { idOf } from '../job-id.ts';

/** A report has a style of its own, and nothing else. */
const reportPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox";

interface JobRouteDeps {
  readonly queue: JobQueue;
  readonly limiter: Pick<Limiter, 'newJobs'>;
  readonly storage: Pick<Storage, 'jobs'>;
  readonly now: () => number;
}

/** `/v1/jobs`, `/v1/job-schedules`: work for the models, from its submission to its result. */
export function jobRoutes(api: Api, deps: JobRouteDeps): void {
  const { queue, limiter, storage, now } = deps;
  api.on('GET /v1/jobs', async ({ tenant, query: { cursor, ...filter } }) => {
    const [before] = cursor === undefined ? [undefined] : decodeCursor(cursor, ['string']);
    const jobs = await storage.jobs.list(tenant, {
      ...filter,
      before: before === undefined ? undefined : idOf(before),
    });
    const last = jobs.length === filter.limit ? jobs.at(-1) : undefined;
    return { jobs, ...(last === undefined ? {} : { next: encodeCursor([last.id]) }) };
  });
  api.on('POST /v1/jobs', async ({ c, tenant, identity, body }) => {
    const key = body.key ?? c.req.header('idempotency-key');
    const job = { ...body, ...(key === undefined ? {} : { key }) };
    await limiter.newJobs(tenant, 1);
    const [submitted] = await queue.submit(tenant, [job], identity.by);
    return queue.describe(tenant, submitted?.id ?? '');
  });
  api.on('POST /v1/jobs/bulk', async ({ tenant, identity, body }) => {
    await limiter.newJobs(tenant, body.jobs.length);
    return { jobs: await queue.submit(tenant, body.jobs, identity.by) };
  });
  api.on('POST /v1/jobs/quote', ({ tenant, body }) => queue.quote(tenant, body));
  api.on('POST /v1/jobs/replay', async ({ tenant, body: { type, limit } }) => ({
    replayed: await queue.replay(tenant, { type, limit }),
  }));
  api.on('GET /v1/jobs/{id}/report', async ({ c, tenant, params: { id } }) => {
    const { job } = await queue.describe(tenant, idOf(id));
    const { html } = z.object({ html: z.string() }).safeParse(job.result).data ?? {};
    if (html === undefined) throw new TarsierError('http/not-found', `job ${id} has no report`);
    return c.html(html, 200, { 'content-security-policy': reportPolicy, 'cache-control': 'no-store' });
  });
  api.on('GET /v1/jobs/types', () => ({
    types: Array.from(queue.types.values(), ({ name, summary, payload, runs, limits }) => ({
      name,
      summary,
      payload: z.toJSONSchema(payload, { io: 'input' }),
      runs,
      ...limits,
    })),
  }));
  api.on('GET /v1/jobs/queue', ({ tenant }) => queue.state(tenant));
  api.on('PUT /v1/jobs/limits', {
    current: ({ tenant }) => queue.state(tenant),
    async handle({ tenant, body: { type, ...settings } }) {
      await storage.jobs.setLane(tenant, type, settings);
      return queue.state(tenant);
    },
  });
  api.on('GET /v1/jobs/usage', async ({ tenant, query: { days } }) => {
    const rows = await storage.jobs.usage(tenant, now() - (days - 1) * dayMs);
    return {
      usage: rows.map(({ cost, estimateMs, ...row }) => ({
        ...row,
        cost: formatUsd(cost),
        accuracy: estimateMs === 0 ? null : row.meteredMs / estimateMs,
      })),
      total: formatUsd(rows.reduce((sum, { cost }) => sum + cost, 0)),
    };
  });
  api.on('GET /v1/jobs/{id}', ({ tenant, params }) => queue.describe(tenant, idOf(params.id)));
  api.on('GET /v1/jobs/{id}/events', async ({ tenant, params, query }) => ({
    events: await storage.jobs.events(tenant, idOf(params.id), query),
  }));
  const current = ({ tenant, params }: { readonly tenant: TenantScope; readonly params: { readonly id: string } }) =>
    queue.describe(tenant, idOf(params.id));
  api.on('POST /v1/jobs/{id}/cancel', {
    current,
    handle: ({ tenant, params }) => queue.cancel(tenant, idOf(params.id)),
  });
  api.on('POST /v1/jobs/{id}/hold', { current, handle: ({ tenant, params }) => queue.hold(tenant, idOf(params.id)) });
  api.on('POST /v1/jobs/{id}/release', {
    current,
    handle: ({ tenant, params }) => queue.release(tenant, idOf(params.id)),
  });
  api.on('POST /v1/jobs/{id}/retry', {
    current,
    async handle({ tenant, params }) {
      const id = idOf(params.id);
      await queue.replay(tenant, { id });
      return queue.describe(tenant, id);
    },
  });
  scheduleRoutes(api, deps);
}

function scheduleRoutes(api: Api, { queue, storage }: JobRouteDeps): void {
  api.on('GET /v1/job-schedules', async ({ tenant }) => ({ schedules: await storage.jobs.schedules(tenant) }));
  api.on('POST /v1/job-schedules', ({ tenant, body }) => queue.createSchedule(tenant, body));
  api.on('DELETE /v1/job-schedules/{id}', {
    current: async ({ tenant, params: { id } }) => (await storage.jobs.schedules(tenant)).find((one) => one.id === id),
    async handle({ tenant, params: { id } }) {
      if (await storage.jobs.deleteSchedule(tenant, id)) return;
      throw new TarsierError('http/not-found', `there is no schedule ${id}`);
    },
  });
}
